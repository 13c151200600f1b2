import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readJson } from '../lib/workspace.mjs'
import { testFiles } from './sources.mjs'

/** The defects that must never be ours, and which of them have to have a test by now. */
export const regressionRows = () => readJson(join(ROOT, 'tests/regressions.json'))

/** Row numbers at the beginning of a title: `[R14]`, `[R14] [R22]`. */
export function rowsOfTitle(title) {
  return [...(/^(?:\[R\d+\]\s*)+/.exec(title)?.[0] ?? '').matchAll(/\d+/g)].map(Number)
}

/** Every row of the list has a test whose title begins with its number. */
export function regressions() {
  const tested = new Set(
    testFiles().flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/['"`]((?:\[R\d+\]\s*)+)/g)].flatMap((match) => rowsOfTitle(match[1])),
    ),
  )
  return regressionRows()
    .filter(({ row }) => !tested.has(row))
    .map(({ row, title }) => `no test is titled [R${row}]: ${title}`)
}
