import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kept } from './results.mjs'
import { report } from './report.mjs'
import { scenarios } from '../scenarios/index.mjs'

/** Writes RESULTS.md from what was kept, or the same beside figures that were kept elsewhere. Resolves with its path. */
export async function writeReport(elsewhere) {
  const file = elsewhere === undefined ? join(import.meta.dirname, '../RESULTS.md') : join(elsewhere, '../RESULTS.md')
  writeFileSync(file, report(await scenarios(), kept(elsewhere)))
  return file
}
