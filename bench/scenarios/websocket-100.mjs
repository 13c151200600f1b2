export const scenario = {
  name: 'websocket-100',
  title: 'WebSocket echo, 100 B',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'websocket' },
  request: { path: '/' },
  // Every message is compared by the load itself.
  expect: { bytes: 100, unchecked: true },
  load: { tool: 'websocket', connections: 64 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy', 'fastify'],
}
