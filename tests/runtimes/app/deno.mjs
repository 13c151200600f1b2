import { gatewayFor } from './gateway.mjs'

const gateway = gatewayFor(Deno.args[0], Deno.args[1])
await gateway.ready
const onListen = ({ port }) => console.log(`listening on ${port}.`)
Deno.serve({ port: 0, hostname: '127.0.0.1', onListen }, gateway.fetch)
