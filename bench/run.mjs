// npm run bench [-- --only h2,tls --subjects octopus,nginx --rounds 7 --seconds 2 --write]: the gateway beside its peers. bench/README.md says what is measured and how.
import { cpus } from 'node:os'
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { checkScenarios } from './lib/check-scenarios.mjs'
import { certificate } from './lib/certificate.mjs'
import { keep } from './lib/results.mjs'
import { KINDS } from './kinds/index.mjs'
import { machine, versions } from './lib/machine.mjs'
import { scenarios } from './scenarios/index.mjs'
import { writeReport } from './lib/write-report.mjs'

const FULL = { rounds: 7, seconds: 2 }
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    subjects: { type: 'string' },
    rounds: { type: 'string', default: String(FULL.rounds) },
    seconds: { type: 'string', default: String(FULL.seconds) },
    write: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
})
if (cpus().length < 2) throw new Error('The benchmark needs two cores: one for the proxy alone.')

const startedAt = Date.now()
const folder = join(import.meta.dirname, '..', '.cache', 'bench')
mkdirSync(folder, { recursive: true })
const bench = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  folder,
  certificate: certificate(folder),
  say(line) {
    const elapsed = new Date(Date.now() - startedAt).toISOString().slice(14, 19)
    console.log(`${elapsed}  ${line}`)
  },
}
// A short run, or one of a few subjects, is for trying things out: its figures go elsewhere.
const isFull = values.subjects === undefined && bench.rounds >= FULL.rounds && bench.seconds >= FULL.seconds
const elsewhere = isFull || values.write || values.report ? undefined : join(folder, 'results')

const all = await scenarios()
checkScenarios(all)
const wanted = values.only?.split(',')
for (const name of wanted ?? [])
  if (!all.some((one) => one.name.includes(name)))
    throw new Error(`No scenario is called ${name}: ${all.map((one) => one.name).join(', ')}.`)
const chosen = all.filter(
  ({ name }) => !values.report && (wanted === undefined || wanted.some((one) => name === one || name.startsWith(`${one}-`))),
)

const about = { machine: machine(), versions: versions() }
const missing = Object.entries(about.versions).filter(([, version]) => version === null)
if (missing.length > 0)
  bench.say(`${missing.length} missing: ${missing.map(([name]) => name).join(', ')}. "npm run bench:setup" installs them.`)
let failed = 0
for (const [i, one] of chosen.entries()) {
  const named = values.subjects?.split(',')
  const scenario = named === undefined ? one : { ...one, subjects: one.subjects.filter((name) => named.includes(name)) }
  bench.say(`-- ${i + 1} of ${chosen.length}: ${scenario.title}`)
  try {
    const data = await KINDS[scenario.kind](scenario, bench)
    const { rounds, seconds } = bench
    const date = new Date().toISOString().slice(0, 10)
    keep({ scenario: scenario.name, title: scenario.title, kind: scenario.kind, date, ...about, rounds, seconds, data }, elsewhere)
  } catch (error) {
    failed++
    bench.say(`${scenario.name} could not be measured: ${error.stack}`)
  }
}
const file = await writeReport(elsewhere)
bench.say(`${chosen.length - failed} scenarios measured, ${failed} failed; see ${file}`)
process.exitCode = failed > 0 ? 1 : 0
