// npm run bench [-- --rounds 7 --seconds 2 --only get-200]: the gateway beside nginx and @fastify/http-proxy, interleaved, CPU per request from the OS.
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { constantRate, postScript, wrk } from './lib/load.mjs'
import { cpuSeconds, freePort, residentMiB, start, versionOf } from './lib/processes.mjs'
import { startBackend, startProxy } from './lib/nginx.mjs'
import { percentile } from './lib/statistics.mjs'
import { writeResults } from './lib/report.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const here = import.meta.dirname
const folder = join(here, '..', '.cache', 'bench')
mkdirSync(folder, { recursive: true })

// The subject alone on core 0, backend and load together on core 1.
const SUBJECT_CORE = 0
const LOAD_CORE = 1
if (cpus().length < 2) throw new Error('The benchmark needs two cores: one for the proxy alone.')

const script = postScript(folder, 1024)
const SCENARIOS = {
  'get-200-plain': { title: 'GET 200 B, no policies, metrics and log off', mode: 'plain', path: '/' },
  'get-200-logged': { title: 'GET 200 B, metrics and access log', mode: 'logged', path: '/' },
  'post-1k': { title: 'POST 1 KiB, metrics and access log', mode: 'logged', path: '/', script },
  'get-64k': { title: 'GET 64 KiB, metrics and access log', mode: 'logged', path: '/64k' },
  'web-get': { title: 'GET 200 B on the web lane, one Hono middleware, metrics and access log', mode: 'web', path: '/' },
  'web-post': { title: 'POST 1 KiB on the web lane, one Hono middleware, metrics and access log', mode: 'web', path: '/', script },
}

const backend = await freePort()
const running = [await startBackend({ folder, port: backend, core: LOAD_CORE })]
const results = {
  date: new Date().toISOString().slice(0, 10),
  versions: versions(),
  rounds,
  seconds,
  scenarios: {},
  latency: null,
  memory: null,
}
try {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (values.only !== undefined && !name.includes(values.only)) continue
    results.scenarios[name] = { title: scenario.title, rounds: await measure(scenario) }
    process.stdout.write(`${name}: done\n`)
  }
  if (values.only === undefined || values.only === 'latency') Object.assign(results, await latencyAndMemory())
} finally {
  for (const one of running) await one.stop()
}
const complete = values.only === undefined || values.write
writeFileSync(join(folder, 'last.json'), JSON.stringify(results, null, 2))
process.stdout.write(writeResults(results, complete ? here : null))

async function measure({ mode, path, script: lua }) {
  const subjects = await startSubjects(mode)
  try {
    for (const { port } of Object.values(subjects)) await load(port, path, lua, 2)
    const measured = []
    for (let round = 0; round < rounds; round++) {
      const row = {}
      for (const [name, { port, process: subject }] of Object.entries(subjects)) {
        const before = cpuSeconds(subject.pid)
        const { requests, perSecond } = await load(port, path, lua, seconds)
        row[name] = { microsPerRequest: ((cpuSeconds(subject.pid) - before) * 1e6) / requests, perSecond }
      }
      measured.push(row)
    }
    return measured
  } finally {
    for (const { process: subject } of Object.values(subjects)) await subject.stop()
  }
}

async function startSubjects(mode) {
  const ports = { octopus: await freePort(), nginx: await freePort(), fastify: await freePort() }
  const log = openSync(join(folder, 'access.log'), 'w')
  const node = (file, ...args) => [process.execPath, [join(here, 'subjects', file), ...args.map(String)]]
  return {
    octopus: {
      port: ports.octopus,
      process: await start(...node('octopus.mjs', ports.octopus, backend, mode), { core: SUBJECT_CORE, port: ports.octopus, stdout: log }),
    },
    nginx: { port: ports.nginx, process: await startProxy({ folder, port: ports.nginx, core: SUBJECT_CORE, backend }) },
    fastify: {
      port: ports.fastify,
      process: await start(...node('fastify.mjs', ports.fastify, backend), { core: SUBJECT_CORE, port: ports.fastify }),
    },
  }
}

function load(port, path, lua, duration) {
  return wrk({ url: `http://127.0.0.1:${port}${path}`, seconds: duration, connections: 64, core: LOAD_CORE, script: lua })
}

/** Latency at 3,000 requests a second, and memory at start and after load. */
async function latencyAndMemory() {
  const port = await freePort()
  const atRate = async (target) =>
    constantRate({ url: `http://127.0.0.1:${target}/`, rate: 3000, seconds: 5, connections: 50, core: LOAD_CORE, folder })
  const subject = await start(process.execPath, [join(here, 'subjects', 'octopus.mjs'), String(port), String(backend), 'logged'], {
    core: SUBJECT_CORE,
    port,
    stdout: openSync(join(folder, 'access.log'), 'w'),
  })
  try {
    const atStart = residentMiB(subject.pid)
    await load(port, '/', undefined, 3)
    const rows = []
    for (let round = 0; round < 3; round++) rows.push({ direct: await atRate(backend), octopus: await atRate(port) })
    await load(port, '/', undefined, 5)
    const summary = (name) =>
      rows.map((row) => ({ p50: percentile(row[name], 0.5), p99: percentile(row[name], 0.99), p999: percentile(row[name], 0.999) }))
    return { latency: { direct: summary('direct'), octopus: summary('octopus') }, memory: { atStart, loaded: residentMiB(subject.pid) } }
  } finally {
    await subject.stop()
  }
}

function versions() {
  return {
    node: process.version,
    nginx: versionOf('nginx', ['-v']),
    wrk: versionOf('wrk', ['-v']),
    cpu: cpus()[0].model,
    cores: cpus().length,
  }
}
