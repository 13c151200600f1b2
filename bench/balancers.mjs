// node bench/balancers.mjs: what choosing an endpoint costs for each balancer, and how long a change of the endpoints takes, in this process.
import { createGateway } from '@octopus-gateway/core'

const NAMES = ['round-robin', 'least-requests', 'ewma', 'random', 'ring-hash', 'maglev', 'rendezvous']
const COUNTS = [3, 100, 1_000]
const ROUNDS = 7

const endpoints = (count, isEven) =>
  Array.from({ length: count }, (_, i) => ({
    id: `e${i}`,
    origin: `http://10.0.${i >> 8}.${i & 255}:80`,
    weight: isEven ? 1 : 1 + (i % 3),
    labels: {},
  }))

/** As much of a request as choosing looks at. */
const requests = Array.from({ length: 256 }, (_, i) => ({
  route: { subset: null },
  attempts: [],
  client: { ip: `192.0.2.${i}`, secure: false },
  request: { method: 'GET', target: `/items/${i}`, headers: { flat: [] } },
  pending: null,
}))

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

async function measure(loadBalance, count, isEven) {
  const gateway = createGateway({
    upstreams: { u: { endpoints: endpoints(count, isEven), loadBalance } },
    routes: [{ path: '/*', upstream: 'u' }],
  })
  await gateway.ready
  const upstream = gateway.snapshot.upstreams.get('u')
  let picks = 2_000
  const rounds = []
  for (let round = 0; round < ROUNDS + 2; round++) {
    const from = performance.now()
    for (let i = 0; i < picks; i++) if (upstream.pick(requests[i & 255]) === undefined) throw new Error('Nothing was chosen.')
    const ms = performance.now() - from
    // The first rounds warm up, and say how many picks take a twentieth of a second.
    if (round < 2) picks = Math.max(100, Math.floor((picks * 50) / ms))
    else rounds.push((ms * 1e6) / picks)
  }
  const changes = []
  for (let round = 0; round < ROUNDS; round++) {
    const next = endpoints(count + (round % 2) + 1, isEven)
    const from = performance.now()
    upstream.assign(next)
    changes.push(performance.now() - from)
  }
  await gateway[Symbol.asyncDispose]()
  return { ns: median(rounds), changeMs: median(changes) }
}

const figure = (value) => value.toFixed(value < 10 ? 1 : 0).padStart(8)
process.stdout.write(
  `ns a pick (ms a change)${COUNTS.flatMap((count) => [`${count} even`, `${count} weighted`])
    .map((title) => title.padStart(19))
    .join('')}\n`,
)
for (const name of NAMES) {
  process.stdout.write(name.padEnd(23))
  for (const count of COUNTS) {
    for (const isEven of [true, false]) {
      const { ns, changeMs } = await measure(name, count, isEven)
      process.stdout.write(`${figure(ns)} (${figure(changeMs)})`.padStart(19))
    }
  }
  process.stdout.write('\n')
}
