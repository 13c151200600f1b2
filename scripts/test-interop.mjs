import './lib/node-version.mjs'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { counts } from './lib/report.mjs'
import { inherit } from './lib/run.mjs'
import { main, say, since, Stop } from './lib/say.mjs'
import { prepare } from './lib/prepare.mjs'
import { servers } from './lib/interop.mjs'
import { CACHE, ROOT } from './lib/workspace.mjs'

// npm run test:interop [-- consul eureka …]: builds real servers into .cache/interop and runs against them what the stand-ins pass in "npm test".
const REPORT = join(CACHE, 'interop', 'results.json')
const TMP = join(CACHE, 'interop', 'tmp')

/** Server names and where each program is. What cannot be had is said, loudly, and is missing. */
async function build(names) {
  const programs = new Map()
  for (const name of names) {
    const { title, build } = servers.get(name)
    const start = performance.now()
    try {
      programs.set(name, await build())
      say(`${title} is there (${since(start)})`)
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      say(`\nSKIPPED: ${title}: ${error.message}\n`)
    }
  }
  return programs
}

async function run(programs) {
  for (const path of [REPORT, TMP]) rmSync(path, { recursive: true, force: true })
  mkdirSync(TMP, { recursive: true })
  const places = { TMPDIR: TMP, TEMP: TMP, TMP }
  const env = { ...process.env, ...places, OCTOPUS_INTEROP: JSON.stringify(Object.fromEntries(programs)) }
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const config = join('tests', 'interop', 'vitest.config.ts')
  const args = [vitest, 'run', '--config', config, '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  const code = await inherit(process.execPath, args, { env })
  const result = counts(REPORT)
  if (code !== 0 && result.failed === 0) result.failed = 1
  if (result.passed === 0) result.failed = Math.max(result.failed, 1)
  return result
}

await main(async () => {
  let result = { passed: 0, failed: 1, skipped: 0 }
  process.on('exit', () => console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`))
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((name) => !servers.has(name))
  if (unknown.length > 0) throw new Stop(`There is no server named ${unknown.join(', ')}. The servers: ${[...servers.keys()].join(', ')}.`)
  const names = wanted.length > 0 ? wanted : [...servers.keys()]
  await prepare()
  const programs = await build(names)
  result = programs.size === 0 ? { passed: 0, failed: 0, skipped: 0 } : await run(programs)
  // The suites of a server that cannot be had count as one.
  result.skipped += names.length - programs.size
  if (result.failed > 0) process.exitCode = 1
})
