import { createGateway } from '@octopus-gateway/core'

/** One match at some numbers of routes, and the time to build the table, through the gateway's own snapshot, in this process. */
export async function routing({ load: { counts } }, bench) {
  const figures = []
  for (const count of counts) {
    figures.push(await measure(count))
    bench.say(`routing: ${count} routes, match ${figures.at(-1).matchMicros.toFixed(2)} us, build ${figures.at(-1).buildMs.toFixed(0)} ms`)
  }
  return { figures, absent: {} }
}

/** Static, one-parameter and two-parameter paths in equal shares, all looked up in a random order; nine laps, the median one. */
async function measure(count) {
  const routes = Array.from({ length: count }, (_, i) => {
    const base = `/service-${i % 100}/resource-${i}`
    return { path: [base, `${base}/{id}`, `${base}/{id}/items/{item}`][i % 3], methods: ['GET'], upstream: 'u' }
  })
  const startedAt = performance.now()
  const gateway = createGateway({ upstreams: { u: ['http://127.0.0.1:9'] }, routes })
  await gateway.ready
  const buildMs = performance.now() - startedAt
  const paths = routes.map(({ path }) => path.replace('{id}', '4711').replace('{item}', 'abc')).sort(() => Math.random() - 0.5)
  const { table } = gateway.snapshot
  const times = []
  for (let round = 0; round < 9; round++) {
    const laps = Math.max(1, Math.floor(200_000 / count))
    const from = performance.now()
    for (let lap = 0; lap < laps; lap++)
      for (const path of paths) if (table.match('example.com', 'GET', path) === null) throw new Error(`${path} was not found.`)
    times.push(((performance.now() - from) * 1000) / (laps * count))
  }
  await gateway[Symbol.asyncDispose]()
  return { count, buildMs, matchMicros: times.sort((a, b) => a - b)[4] }
}
