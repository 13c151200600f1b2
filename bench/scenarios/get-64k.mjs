export const scenario = {
  name: 'get-64k',
  title: 'GET 64 KiB',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/64k' },
  expect: { bytes: 64 * 1024 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy', 'fastify', 'httpxy', 'http-proxy-3'],
}
