import { createGateway } from '@octopus-gateway/core'

const gateway = createGateway({
  upstreams: { users: ['http://127.0.0.1:8081'], hello: () => new Response('Hello from Bun\n') },
  routes: [
    { path: '/users/*', upstream: 'users', rewrite: { stripPrefix: '/users' } },
    { path: '/hello', upstream: 'hello' },
  ],
})
await gateway.ready
// Bun would cut a stream that is silent for ten seconds; how long an exchange may be idle is the gateway's to say.
const server = Bun.serve({ port: Number(process.env['PORT'] ?? 8080), hostname: '127.0.0.1', idleTimeout: 0, fetch: gateway.fetch })
console.log(`Listening on ${server.url}`)
