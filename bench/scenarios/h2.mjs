export const scenario = {
  name: 'h2',
  title: 'GET 200 B, HTTP/2 over TLS, 8 connections of 8 streams',
  kind: 'throughput',
  front: 'h2',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { tool: 'h2load', connections: 8, streams: 8 },
  subjects: ['octopus', 'nginx', 'haproxy', 'caddy', 'fastify'],
}
