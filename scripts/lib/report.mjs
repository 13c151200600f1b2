import { existsSync, readdirSync } from 'node:fs'
import { readJson } from './workspace.mjs'

/** Counts of a vitest JSON report. A file that could not be loaded ran no test and counts as one failure. */
export function counts(reportPath) {
  if (!existsSync(reportPath)) return { passed: 0, failed: 0, skipped: 0 }
  const report = readJson(reportPath)
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** The names of the programs that tests looked for and did not find. */
export function missingComponents(dir) {
  return existsSync(dir) ? readdirSync(dir).sort() : []
}

/** `12 passed, 0 failed`, and `, 3 skipped` when there are any. */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
