// node bench/chaos/run.mjs [--seconds 600] [--seed n] [--rate 300] [--instances 4] [--modes a,b] [--without workers,reload,…] [--cli path]
import { clientPortsOf, Gateway, until } from './gateway.mjs'
import { mkdirSync, writeFileSync } from 'node:fs'
import { FEATURES } from './configuration.mjs'
import { join } from 'node:path'
import { MODES } from './misbehaviours.mjs'
import { parseArgs } from 'node:util'
import { report } from './report.mjs'
import { runSchedule } from './schedule.mjs'
import { startInstances } from './instances.mjs'
import { startLoad } from './load.mjs'
import { verdicts } from './verdicts.mjs'

const RELOAD_MS = 2000
const KILL_MS = 30_000
const WARM_UP_MS = 5000

const text = (fallback) => ({ type: 'string', default: fallback })
const { values } = parseArgs({
  options: {
    seconds: text('600'),
    seed: text(String(Date.now() % 1_000_000)),
    rate: text('300'),
    instances: text('4'),
    modes: text(MODES.join(',')),
    prefixes: text('/http1,/http2'),
    without: text(''),
    'kill-every': text(String(KILL_MS / 1000)),
    cli: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
})
const listed = (value) => value.split(',').filter(Boolean)
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const rate = Number(values.rate)
const modes = listed(values.modes)
const prefixes = listed(values.prefixes)
const unknown = modes.filter((mode) => !MODES.includes(mode))
if (unknown.length > 0) throw new Error(`There is no mode ${unknown.join(', ')}; there are ${MODES.join(', ')}.`)
const folder = join(import.meta.dirname, '../../.cache/bench/chaos')
mkdirSync(folder, { recursive: true })
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

console.log(`chaos: ${seconds} s at ${rate} requests/s over ${values.instances} instances, seed ${seed}, modes ${modes.join(', ')}`)
const instances = await startInstances(Number(values.instances), seed)
const gateway = new Gateway({
  folder,
  instances: instances.all,
  without: listed(values.without),
  ...(values.cli === undefined ? {} : { script: values.cli }),
})
const events = []
const kills = []
const reloads = { sent: 0, broken: 0 }
let outcome
try {
  await gateway.probe()
  await gateway.start()
  for (const refusal of gateway.refusals ?? []) console.log(`this gateway cannot: ${refusal}`)
  if (!gateway.canReload) console.log('this gateway cannot: reload by SIGHUP (or --without reload): the configuration stays as it is')
  console.log(`features: ${[...gateway.features, ...(gateway.canReload ? ['reload'] : [])].join(', ')}`)
  outcome = await run()
} finally {
  await gateway.stop()
  instances.stop()
}
const present = [...gateway.features, ...(gateway.canReload ? ['reload'] : [])]
outcome.missing = [...Object.keys(FEATURES), 'reload'].filter((name) => !present.includes(name))
outcome.isStrict = values.strict
outcome.messages = Object.fromEntries(gateway.messages())
const judged = verdicts(outcome)
report(outcome, judged)
writeFileSync(join(folder, 'result.json'), JSON.stringify({ ...outcome, verdicts: judged, events }, null, 1))
console.log(`\n${join(folder, 'result.json')}`)
process.exit(judged.every(({ holds }) => holds) ? 0 : 1)

async function run() {
  const withBodies = gateway.features.includes('retry')
  const loadOf = (salt) => startLoad({ port: gateway.port, rate, seed: seed + salt, prefixes, withBodies })
  // What pools, code and metrics take comes with the first requests; growth is counted from there, after an equal load.
  const calm = async (salt) => {
    const load = loadOf(salt)
    await sleep(WARM_UP_MS)
    await load.stop()
    await sleep(1500)
    return { results: load.results, failures: load.failures, inside: await gateway.inside(), active: await gateway.active() }
  }
  const before = await calm(1)
  const cutsBefore = await gateway.cuts()
  const load = loadOf(2)
  const startedAt = Date.now()
  const schedule = runSchedule({
    instances: instances.all,
    modes,
    seed,
    onChange: (instance, what) => events.push({ at: Date.now(), instance, what }),
  })
  const timers = []
  if (gateway.canReload)
    timers.push(
      setInterval(() => {
        const broken = ++reloads.sent % 7 === 0
        if (broken) reloads.broken++
        gateway.reload({ broken })
      }, RELOAD_MS),
    )
  if (gateway.features.includes('workers')) timers.push(setInterval(() => killOne(load), Number(values['kill-every']) * 1000))
  const peaks = { rss: 0, inFlight: 0 }
  timers.push(setInterval(() => (peaks.inFlight = Math.max(peaks.inFlight, load.flying.size)), 100))
  while (Date.now() - startedAt < seconds * 1000 && gateway.ended === undefined) await sleep(100)
  timers.forEach(clearInterval)
  await schedule.stop()
  await load.stop()
  const cutsAfter = await gateway.cuts()
  if (gateway.canReload) gateway.reload()
  // Breakers and outages have their time to end.
  await sleep(3000)
  if (gateway.features.includes('workers')) await until('the killed worker is replaced', () => gateway.workers().length === 2)
  const after = await calm(3)
  const sorted = load.latencies.sort((a, b) => a - b)
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return {
    seed,
    seconds,
    rate,
    modes,
    features: gateway.features,
    canReload: gateway.canReload === true,
    started: load.started,
    results: load.results,
    statuses: Object.fromEntries(load.statuses),
    milliseconds: { median: at(0.5), p99: at(0.99), most: at(1) },
    peaks,
    misbehaviour: Object.fromEntries(instances.done),
    failures: load.failures.map((failure) => ({ ...failure, meanwhile: meanwhile(failure.at) })),
    kills,
    cuts: cutsAfter === null ? null : cutsAfter - (cutsBefore ?? 0),
    reloads,
    before,
    after,
    ended: gateway.ended ?? null,
  }
}

/** Stops a worker, looks which requests are in flight on its connections, and kills it: all in one turn, so that none is sent in between. */
function killOne(load) {
  const workers = gateway.workers()
  const pid = workers[kills.length % workers.length]
  if (pid === undefined || workers.length < 2) return
  process.kill(pid, 'SIGSTOP')
  const kill = { at: Date.now(), pid, lost: [] }
  const ports = clientPortsOf(pid, gateway.port)
  kill.connections = ports.size
  kill.inFlight = load.marked(ports, kill)
  process.kill(pid, 'SIGKILL')
  kills.push(kill)
}

/** How the instances were at a moment. */
function meanwhile(at) {
  const modeOf = new Map()
  for (const event of events) if (event.at <= at && event.what !== 'keeper') modeOf.set(event.instance, event.what)
  return instances.all.map(({ index }) => modeOf.get(index) ?? 'ok').join(' ')
}
