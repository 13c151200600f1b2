export const scenario = {
  name: 'websocket-16k',
  title: 'WebSocket echo, 16 KiB',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'websocket' },
  request: { path: '/' },
  // Every message is compared by the load itself.
  expect: { bytes: 16384, unchecked: true },
  load: { tool: 'websocket', connections: 64 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy', 'fastify'],
}
