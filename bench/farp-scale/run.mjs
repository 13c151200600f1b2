// node bench/farp-scale/run.mjs [services] [operations] [instances]: the time to the first full table, what one service's change costs, and memory.
import { createGateway } from '@octopus-gateway/core'
import { farp } from '@octopus-gateway/farp'
import { fork } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const [services = 500, operations = 40, instances = 3] = process.argv.slice(2).map(Number)
const ROUNDS = 7

const child = fork(new URL('services.mjs', import.meta.url), [services, operations, instances].map(String))
const told = () => new Promise((resolve) => child.once('message', resolve))
const { ports } = await told()

/** A registry: whoever is touched gets new metadata, and is asked at once. */
let touched = new Map()
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
    while (!signal.aborted) {
      const change = new Promise((resolve) => {
        wake = resolve
        signal.addEventListener('abort', resolve, { once: true })
      })
      yield records()
      await change
    }
  },
}

const memory = () => {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heapUsed }
}
const mib = (bytes) => `${(bytes / 1_048_576).toFixed(0)} MiB`
const line = (name, value) => process.stdout.write(`${name.padEnd(46)} ${value}\n`)
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

const before = memory()
const began = performance.now()
const cpuBegan = process.cpuUsage()
const gateway = createGateway({ discovery: [registry], sources: [farp({ watchInterval: '10m' })] })
await gateway.synced
const isFull = () => gateway.snapshot.routes.length === services * operations
while (!isFull()) await new Promise((resolve) => setTimeout(resolve, 5))
const cpu = process.cpuUsage(cpuBegan)
line('services x operations x instances', `${services} x ${operations} x ${instances}`)
line('first full table', `${(performance.now() - began).toFixed(0)} ms (CPU ${((cpu.user + cpu.system) / 1000).toFixed(0)} ms)`)
const after = memory()
line('memory: heap, RSS', `${mib(after.heapUsed - before.heapUsed)}, ${mib(after.rss - before.rss)} more than before`)

/** What one change costs until `isThere`: time, CPU, and the longest the event loop was held. */
async function change(service, message, isThere) {
  child.send({ service, ...message })
  await told()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const from = performance.now()
  const cpuFrom = process.cpuUsage()
  touched = new Map(touched).set(service, (touched.get(service) ?? 0) + 1)
  wake()
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 2))
  const ms = performance.now() - from
  // What goes on afterwards is part of the price.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const used = process.cpuUsage(cpuFrom)
  delay.disable()
  return { ms, cpu: (used.user + used.system) / 1000, held: delay.max / 1e6 }
}

async function series(name, one) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await one(round))
  const of = (key) => median(rounds.map((round) => round[key])).toFixed(0)
  line(name, `${of('ms')} ms, CPU ${of('cpu')} ms, event loop held at most ${of('held')} ms`)
}

await series('nothing changes (the same for comparison)', () => change(0, { status: 'healthy' }, () => true))
await series('a status changes', (round) => {
  const status = round % 2 === 0 ? 'draining' : 'healthy'
  return change(
    1,
    { status },
    () => gateway.snapshot.upstreams.get('service-1').endpoints.length === (round % 2 === 0 ? instances - 1 : instances),
  )
})
let added = []
gateway.on('snapshot', (_next, _previous, diff) => (added = [...added, ...diff.added]))
await series("one service's schema changes", (round) => {
  const service = 2 + round
  const path = `/service-${service}/generation-1`
  return change(service, { generation: 1 }, () => added.some((route) => route.path === path))
})
line('memory at the end: heap', mib(memory().heapUsed - before.heapUsed))
await gateway[Symbol.asyncDispose]()
child.kill()
