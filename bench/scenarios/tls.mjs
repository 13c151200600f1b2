export const scenario = {
  name: 'tls',
  title: 'GET 200 B, HTTPS/1.1 keep-alive',
  kind: 'throughput',
  front: 'https',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy', 'fastify'],
}
