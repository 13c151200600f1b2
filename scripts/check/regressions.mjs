import { join } from 'node:path'
import { ROOT, readJson } from '../lib/workspace.mjs'
import { untested } from './titles.mjs'

/** The defects that must never be ours, and which of them have to have a test by now. */
export const regressionRows = () => readJson(join(ROOT, 'tests/regressions.json'))

/** Every row of the list has a test whose title begins with its number. */
export function regressions() {
  return untested(regressionRows().map(({ row, title }) => ({ tag: `R${row}`, title })))
}
