export const scenario = {
  name: 'post-1k',
  title: 'POST 1 KiB',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http' },
  request: { method: 'POST', path: '/', headers: { 'Content-Type': 'application/octet-stream' }, body: 'x'.repeat(1024) },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'octopus-web', 'nginx', 'haproxy', 'caddy', 'fastify', 'httpxy', 'http-proxy-3'],
}
