import './lib/node-version.mjs'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inherit } from './lib/run.mjs'
import { prepare } from './lib/prepare.mjs'
import { counts, countsLine, missingComponents } from './lib/report.mjs'
import { main, say } from './lib/say.mjs'
import { CACHE, ROOT } from './lib/workspace.mjs'

// npm test: install, build, run every test. Further arguments go to vitest. The last line is always the counts.
const REPORT = join(CACHE, 'test-results.json')
const MISSING = join(CACHE, 'missing-components')
const TMP = join(CACHE, 'tmp')

/** A fresh place for temporary files, inside the checkout. */
function environment() {
  rmSync(REPORT, { force: true })
  for (const dir of [MISSING, TMP]) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
  }
  const colour = process.stdout.isTTY ? {} : { NO_COLOR: '1' }
  return { ...process.env, ...colour, TMPDIR: TMP, TEMP: TMP, TMP, XDG_CACHE_HOME: join(CACHE, 'xdg'), OCTOPUS_MISSING_COMPONENTS: MISSING }
}

function tellMissing() {
  const missing = missingComponents(MISSING)
  if (missing.length === 0) return
  say(`\nSkipped for want of a program or a right: ${missing.join(', ')}.`)
  say(
    '"npm run test:components" installs programs with apt, where that is there; "npm run test:runtimes" Bun, Deno and other versions of Node.',
  )
}

async function runTests() {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${REPORT}`]
  const code = await inherit(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], { env: environment() })
  const result = counts(REPORT)
  // A run that breaks off, or fails outside of any test, is a failure even if every test that ran has passed.
  if (code !== 0 && result.failed === 0) result.failed = 1
  if (result.passed === 0) result.failed = Math.max(result.failed, 1)
  tellMissing()
  return result
}

await main(async () => {
  let result = { passed: 0, failed: 1, skipped: 0 }
  try {
    await prepare()
    result = await runTests()
  } finally {
    if (result.failed > 0) process.exitCode = 1
    process.on('exit', () => console.log(countsLine(result)))
  }
})
