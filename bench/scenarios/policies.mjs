import { token } from '../lib/token.mjs'

/** The peers do without policies; the fields are sent to all. */
export const scenario = {
  name: 'policies',
  title: 'GET 200 B with a token and an origin',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: '/', headers: { Authorization: `Bearer ${token()}`, Origin: 'https://shop.example', 'Accept-Encoding': 'gzip, br' } },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'octopus-policies', 'octopus-four', 'nginx', 'fastify'],
}
