import { gatewayFor } from './gateway.mjs'

const gateway = gatewayFor(process.argv[2], process.argv[3])
await gateway.ready
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: gateway.fetch })
console.log(`listening on ${server.port}.`)
