// node bench/farp-scale/run.mjs [--services 500] [--operations 40] [--instances 3] [--json]: the time to the first full table of FARP services, what one
// service's change costs, what it leaves alone, and memory.
import { createGateway } from '@octopus-gateway/core'
import { farp } from '@octopus-gateway/farp'
import { fork } from 'node:child_process'
import { loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../lib/statistics.mjs'

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '500' },
    operations: { type: 'string', default: '40' },
    instances: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
})
const [services, operations, instances] = [values.services, values.operations, values.instances].map(Number)
const ROUNDS = 7

const child = fork(new URL('services.mjs', import.meta.url), [services, operations, instances].map(String))
const told = () => new Promise((resolve) => child.once('message', resolve))
/** Tells the services something, and waits for their answer. */
const tell = (message) => {
  const answer = told()
  child.send(message)
  return answer
}
const { ports } = await told()

/** A registry: whoever is touched gets new metadata, and is asked at once. */
const touched = new Map()
let wake = () => {}
const records = () =>
  ports.map((port, index) => {
    const service = Math.floor(index / instances)
    return {
      id: `service-${service}-${index % instances}`,
      service: `service-${service}`,
      host: '127.0.0.1',
      port,
      secure: false,
      ready: true,
      weight: 1,
      metadata: { 'farp.enabled': 'true', touched: String(touched.get(service) ?? 0) },
    }
  })
const registry = {
  name: 'registry',
  async *watch(signal) {
    signal.addEventListener('abort', () => wake(), { once: true })
    while (!signal.aborted) {
      const change = new Promise((resolve) => (wake = resolve))
      yield records()
      await change
    }
  },
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const MIB = 1_048_576
const memory = () => {
  for (let i = 0; i < 3; i++) collect()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss: rss / MIB, heap: heapUsed / MIB }
}
const totals = ({ manifests, documents }) => ({ manifests, documents })
const since = (from) => {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

/** What the gateway counted of what it did. */
const counters = () => {
  const text = gateway.metrics.exposition()
  const of = (name) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? 0,
    )
  return {
    manifests: of('farp_manifest_watch_events_total'),
    documents: of('farp_schema_fetch_total{type="openapi",status="success"}'),
    added: of('farp_route_updates_total{action="added"}'),
    changed: of('farp_route_updates_total{action="changed"}'),
  }
}

/** Who else works here: times are long where many do. */
const load = loadavg()[0]
const before = memory()
const began = performance.now()
const cpuBegan = process.cpuUsage()
const gateway = createGateway({ discovery: [registry], sources: [farp({ watchInterval: '10m' })] })
await gateway.synced
while (gateway.snapshot.routes.length !== services * operations) await sleep(5)
const first = { ms: performance.now() - began, cpuMs: since(cpuBegan), counters: counters(), asked: totals(await tell({ counts: true })) }
const after = memory()

/** What one change costs until `isThere`: time, CPU, and the longest the event loop was held; and what was done for it. */
async function change(service, message, isThere) {
  await tell({ service, ...message })
  const [askedBefore, countedBefore] = [await tell({ counts: true }), counters()]
  const routes = new Set(gateway.snapshot.routes)
  const sets = new Set(gateway.snapshot.sets.get('farp'))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const from = performance.now()
  const cpuFrom = process.cpuUsage()
  touched.set(service, (touched.get(service) ?? 0) + 1)
  wake()
  while (!isThere()) await sleep(2)
  const ms = performance.now() - from
  // What goes on afterwards is part of the price: all instances are asked.
  while ((await tell({ counts: true })).byService[service] < askedBefore.byService[service] + instances) await sleep(5)
  await sleep(200)
  const cpuMs = since(cpuFrom)
  delay.disable()
  const [asked, counted] = [await tell({ counts: true }), counters()]
  const own = asked.byService[service] - askedBefore.byService[service]
  const documents = asked.documents - askedBefore.documents
  if (counted.documents - countedBefore.documents !== documents) throw new Error('services and gateway counted different documents')
  const compiled = gateway.snapshot.routes.filter((route) => !routes.has(route))
  return {
    ms,
    cpuMs,
    heldMs: delay.max / 1e6,
    manifests: asked.manifests - askedBefore.manifests,
    documents,
    ofOthers: asked.manifests + asked.documents - askedBefore.manifests - askedBefore.documents - own,
    routesAdded: counted.added - countedBefore.added,
    routesChanged: counted.changed - countedBefore.changed,
    routesCompiled: compiled.length,
    routesOfOthersCompiled: compiled.filter((route) => route.service !== `service-${service}`).length,
    setsMade: gateway.snapshot.sets.get('farp').filter((set) => !sets.has(set)).length,
  }
}

/** Medians of rounds; of counts the highest. */
async function series(name, one) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await one(round))
  const combined = Object.keys(rounds[0]).map((key) => {
    const figures = rounds.map((round) => round[key])
    return [key, /^ms$|Ms$/.test(key) ? median(figures) : Math.max(...figures)]
  })
  return { name, ...Object.fromEntries(combined) }
}

const changes = [
  await series('nothing', () => change(0, { status: 'healthy' }, () => true)),
  await series("one service's schema", (round) => {
    const name = `service-${2 + round}`
    const own = () => gateway.snapshot.routes.filter((route) => route.service === name)
    // Done when all instances are known to have it: until then routes lead to those that have.
    return change(2 + round, { generation: 1 }, () => own().length > operations && own().every(({ subset }) => subset === null))
  }),
  await series("one instance's status", (round) => {
    const status = round % 2 === 0 ? 'draining' : 'healthy'
    const left = round % 2 === 0 ? instances - 1 : instances
    return change(1, { status }, () => gateway.snapshot.upstreams.get('service-1').endpoints.length === left)
  }),
]
const end = memory()
await gateway[Symbol.asyncDispose]()
child.kill()

const data = {
  size: { services, operations, instances },
  load,
  first,
  memory: { heap: after.heap - before.heap, rss: after.rss - before.rss, heapAtEnd: end.heap - before.heap },
  changes,
  rounds: ROUNDS,
}
if (values.json) console.log(JSON.stringify(data))
else console.dir(data, { depth: null })
