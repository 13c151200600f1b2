import { createGateway } from '@octopus-gateway/core'

const gateway = createGateway({
  upstreams: { users: ['http://127.0.0.1:8081'], hello: () => new Response('Hello from Deno\n') },
  routes: [
    { path: '/users/*', upstream: 'users', rewrite: { stripPrefix: '/users' } },
    { path: '/hello', upstream: 'hello' },
  ],
})
await gateway.ready
Deno.serve({ port: Number(Deno.env.get('PORT') ?? 8080), hostname: '127.0.0.1' }, gateway.fetch)
