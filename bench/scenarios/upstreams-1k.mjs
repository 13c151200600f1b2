/** One path of each upstream of `subjects/octopus-process.mjs`. */
const paths = Array.from({ length: 1_000 }, (_, i) => {
  const base = `/service-${i % 100}/resource-${i}`
  return [base, `${base}/4711`, `${base}/4711/items/abc`][i % 3]
})

export const scenario = {
  name: 'upstreams-1k',
  title: 'GET 200 B, 1,000 upstreams at addresses of their own and one',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http', addresses: 1_000 },
  request: { path: paths[0], paths },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'octopus-1k-upstreams'],
}
