import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { capture, tail } from '../../lib/run.mjs'
import { CACHE, ROOT, readJson } from '../../lib/workspace.mjs'

/** Runs the tests whose full name fits a pattern; resolves with `{ name, title, passed }` of those that ran. */
export async function runTests(label, pattern, files = []) {
  const folder = join(CACHE, 'acceptance')
  const report = join(folder, `${label}.json`)
  mkdirSync(join(CACHE, 'tmp'), { recursive: true })
  mkdirSync(folder, { recursive: true })
  rmSync(report, { force: true })
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', ...files, '-t', pattern, '--reporter=json', `--outputFile=${report}`]
  const { code, output } = await capture(process.execPath, args, { env: { ...process.env, TMPDIR: join(CACHE, 'tmp') } })
  if (code !== 0) console.error(tail(output, 60))
  const { testResults } = readJson(report)
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  if (unloaded.length > 0) throw new Error(`could not be loaded: ${unloaded.map((file) => file.name).join(', ')}`)
  return testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => test.status === 'passed' || test.status === 'failed')
    .map((test) => ({ name: test.fullName, title: test.title, ancestors: test.ancestorTitles, passed: test.status === 'passed' }))
}

/** For each wanted group: how many of its tests passed. Fails the script when one has none or a failed one. */
export function requireGroups(groups, tests, belongs) {
  for (const { key, what } of groups) {
    const own = tests.filter((test) => belongs(test, key))
    const failed = own.filter((test) => !test.passed)
    const fine = own.length > 0 && failed.length === 0
    console.log(`${fine ? 'ok  ' : 'FAIL'} ${what}: ${own.length - failed.length} passed, ${failed.length} failed`)
    if (!fine) process.exitCode = 1
  }
}
