import { serve } from '@octopus-gateway/node'
import { gatewayFor } from './gateway.mjs'

const server = await serve(gatewayFor(process.argv[2], process.argv[3]), { port: 0, host: '127.0.0.1' })
console.log(`listening on ${server.port}.`)
