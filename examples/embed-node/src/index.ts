import { createGateway } from '@octopus-gateway/core'
import { serve } from '@octopus-gateway/node'

const gateway = createGateway({
  upstreams: { users: ['http://127.0.0.1:8081'], hello: () => new Response('Hello from inside the gateway\n') },
  routes: [
    { path: '/users/*', upstream: 'users', rewrite: { stripPrefix: '/users' } },
    { path: '/hello', upstream: 'hello' },
  ],
})
const server = await serve(gateway, { port: Number(process.env['PORT'] ?? 8080) })
console.log(`Listening on ${server.url}`)
process.once('SIGTERM', () => server.close({ grace: '5s' }))
