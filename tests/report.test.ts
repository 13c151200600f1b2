import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { counts, countsLine } from '../scripts/lib/report.mjs'

function report(content: object): string {
  const path = join(mkdtempSync(join(tmpdir(), 'report-')), 'report.json')
  writeFileSync(path, JSON.stringify(content))
  return path
}

test('counts what ran', () => {
  const path = report({ numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [] })
  expect(counts(path)).toEqual({ passed: 5, failed: 1, skipped: 3 })
})

test('a file that could not be loaded is a failure', () => {
  const unloaded = { status: 'failed', assertionResults: [] }
  const ordinary = { status: 'failed', assertionResults: [{ status: 'failed' }] }
  const path = report({ numPassedTests: 5, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [unloaded, ordinary] })
  expect(counts(path).failed).toBe(2)
})

test('the closing line has skipped only when there is something skipped', () => {
  expect(countsLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
  expect(countsLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
})
