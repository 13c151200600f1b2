/** Everything that can carry it, in the same rounds. */
export const scenario = {
  name: 'get-200',
  title: 'GET 200 B',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: [
    'octopus-plain',
    'octopus',
    'octopus-undici',
    'octopus-web',
    'nginx',
    'haproxy',
    'caddy',
    'fastify',
    'httpxy',
    'http-proxy-3',
    'platformatic',
  ],
}
