export const scenario = {
  name: 'latency',
  title: 'Latency at 3,000 requests/s, GET 200 B, 50 connections',
  kind: 'latency',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/' },
  expect: { bytes: 200 },
  load: { rate: 3_000, connections: 50, seconds: 4, rounds: 5 },
  subjects: ['octopus', 'haproxy', 'nginx', 'fastify'],
}
