import { serveFetch } from '@octopus-gateway/node'
import { gatewayFor } from './gateway.mjs'

const gateway = gatewayFor(process.argv[2], process.argv[3])
await gateway.ready
const server = await serveFetch({ fetch: (request) => gateway.fetch(request) }, { port: 0 })
console.log(`listening on ${server.port}.`)
