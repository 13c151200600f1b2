// node bench/discovery-scale/run.mjs [--services 1000] [--instances 5] [--rate 100] [--seconds 20] [--write]
// What a large registry costs a gateway: the time to the first full set, CPU while endpoints change, memory, and that no route table is built for it.
import { createGateway } from '@octopus-gateway/core'
import { etcdDiscovery } from '@octopus-gateway/discovery-etcd'
import { kubernetesDiscovery } from '@octopus-gateway/discovery-kubernetes'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../lib/processes.mjs'
import { keep } from '../lib/results.mjs'
import { machine, versions } from '../lib/machine.mjs'
import { writeReport } from '../lib/write-report.mjs'

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    instances: { type: 'string', default: '5' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
})
const [services, instances, rate, seconds] = ['services', 'instances', 'rate', 'seconds'].map((name) => Number(values[name]))
const folder = join(import.meta.dirname, '../../.cache/bench')
mkdirSync(folder, { recursive: true })

const etcd = (process.env.PATH ?? '')
  .split(delimiter)
  .map((path) => join(path, 'etcd'))
  .find(existsSync)

const PROVIDERS = {
  kubernetes(url) {
    const path = join(folder, 'kubeconfig.json')
    const access = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: url } }],
      users: [{ name: 'u', user: {} }],
    }
    writeFileSync(path, JSON.stringify(access))
    return kubernetesDiscovery({ kubeconfig: path })
  },
  etcd: (url) => etcdDiscovery({ endpoints: [url] }),
}

function memory() {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss: rss / 1_048_576, heap: heapUsed / 1_048_576 }
}

async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** CPU of this process in milliseconds since then. */
function cpuSince(before) {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

async function measure(kind) {
  const args = [kind, services, instances, etcd ?? '', await freePort(), await freePort()].map(String)
  const registry = fork(new URL('registry.mjs', import.meta.url), args)
  const [{ url }] = await once(registry, 'message')
  const names = Array.from({ length: services }, (_, service) => `service-${service}`)
  const table = {
    upstreams: Object.fromEntries(names.map((name) => [name, { endpoints: { discover: name } }])),
    routes: names.map((name) => ({ path: `/${name}/*`, upstream: name })),
  }
  // The table without a registry: what is measured is discovery.
  const idle = createGateway(table)
  await idle.ready
  await idle[Symbol.asyncDispose]()
  const before = memory()
  const [begun, cpuBefore] = [performance.now(), process.cpuUsage()]
  const gateway = createGateway({
    ...table,
    discovery: [PROVIDERS[kind](url)],
  })
  await gateway.synced
  await until(() => gateway.services.length === services * instances)
  const first = { ms: performance.now() - begun, cpu: cpuSince(cpuBefore) }
  const after = memory()
  let [tables, endpoints] = [0, 0]
  gateway.on('snapshot', () => tables++)
  gateway.on('endpoints', () => endpoints++)
  const idleCpu = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const resting = cpuSince(idleCpu) / 2
  const changing = process.cpuUsage()
  registry.send({ rate, seconds })
  const [told] = await once(registry, 'message')
  const last = performance.now()
  await until(() => gateway.services.some(({ host }) => host === told.last))
  const lag = performance.now() - last
  const cpu = cpuSince(changing) / told.seconds
  await gateway[Symbol.asyncDispose]()
  registry.disconnect()
  return {
    kind,
    firstMs: first.ms,
    firstCpuMs: first.cpu,
    heapMiB: after.heap - before.heap,
    rssMiB: after.rss,
    changes: rate * seconds,
    rate: (rate * seconds) / told.seconds,
    cpuMsPerSecond: cpu - resting,
    lagMs: lag,
    endpoints,
    tables,
  }
}

const figures = []
for (const kind of ['kubernetes', 'etcd']) {
  if (kind === 'etcd' && etcd === undefined) {
    console.log('etcd is not installed; its figures are left out (npm run test:components)')
    continue
  }
  const one = await measure(kind)
  figures.push(one)
  console.log(`${kind}, ${services} services x ${instances} instances`)
  console.log(`  first full set    ${one.firstMs.toFixed(0)} ms (CPU ${one.firstCpuMs.toFixed(0)} ms)`)
  console.log(`  memory            ${one.heapMiB.toFixed(1)} MiB of heap more than without, RSS ${one.rssMiB.toFixed(0)} MiB`)
  console.log(
    `  ${one.rate.toFixed(0)} changes/s      CPU ${one.cpuMsPerSecond.toFixed(0)} ms a second, the last one known after ${one.lagMs.toFixed(0)} ms`,
  )
  console.log(`  of ${one.changes} changes  ${one.endpoints} upstreams got other endpoints, ${one.tables} route tables were built`)
  if (one.tables > 0) process.exitCode = 1
}
if (values.write) {
  const date = new Date().toISOString().slice(0, 10)
  const data = { services, instances, figures }
  keep({ scenario: 'discovery-scale', kind: 'discovery-scale', date, machine: machine(), versions: versions(), data })
  await writeReport()
}
process.exit()
