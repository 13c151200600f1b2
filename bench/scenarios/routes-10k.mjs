/** Paths of the table of `subjects/octopus-process.mjs`, spread over all of it. */
const paths = Array.from({ length: 1_000 }, (_, n) => {
  const i = n * 10 + (n % 10)
  const base = `/service-${i % 100}/resource-${i}`
  return [base, `${base}/4711`, `${base}/4711/items/abc`][i % 3]
})

export const scenario = {
  name: 'routes-10k',
  title: 'GET 200 B, 10,000 routes and one',
  kind: 'throughput',
  front: 'http',
  backend: { kind: 'http' },
  request: { path: paths[0], paths },
  expect: { bytes: 200 },
  load: { tool: 'wrk', connections: 64 },
  subjects: ['octopus', 'octopus-10k-routes'],
}
