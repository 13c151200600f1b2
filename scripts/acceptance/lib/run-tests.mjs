import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { capture, tail } from '../../lib/run.mjs'
import { CACHE, ROOT, readJson } from '../../lib/workspace.mjs'
import { tagsOfTitle } from '../../check/titles.mjs'

/** Runs the tests whose full name fits a pattern; resolves with `{ file, title, ancestors, passed }` of those that ran. */
export async function runTests(label, { pattern, files = [] }) {
  const folder = join(CACHE, 'acceptance')
  const report = join(folder, `${label}.json`)
  mkdirSync(join(CACHE, 'tmp'), { recursive: true })
  mkdirSync(folder, { recursive: true })
  rmSync(report, { force: true })
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', ...files, ...(pattern === undefined ? [] : ['-t', pattern]), '--reporter=json', `--outputFile=${report}`]
  const { code, output } = await capture(process.execPath, args, { env: { ...process.env, TMPDIR: join(CACHE, 'tmp') } })
  if (code !== 0) console.error(tail(output, 60))
  const { testResults } = readJson(report)
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  if (unloaded.length > 0) throw new Error(`could not be loaded: ${unloaded.map((file) => file.name).join(', ')}`)
  return testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === 'passed' || test.status === 'failed')
      .map((test) => ({ file: file.name, title: test.title, ancestors: test.ancestorTitles, passed: test.status === 'passed' })),
  )
}

/** Those whose title, or that of a group around them, begins with a tag. */
export function tagged(tests, tag) {
  return tests.filter((test) => [test.title, ...test.ancestors].some((one) => tagsOfTitle(one).includes(tag)))
}

/** Prints how a group of tests went; fails the script when one failed or fewer ran than there have to be. */
export function requireGroup(what, tests, atLeast = 1) {
  const failed = tests.filter((test) => !test.passed).length
  const fine = failed === 0 && tests.length >= atLeast
  const wanted = tests.length < atLeast ? `, of at least ${atLeast}` : ''
  console.log(`${fine ? 'ok  ' : 'FAIL'} ${what}: ${tests.length - failed} passed, ${failed} failed${wanted}`)
  if (!fine) process.exitCode = 1
}
