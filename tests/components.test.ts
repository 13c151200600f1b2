import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { notAllowed, requireComponent, requirePythonModule } from './support/components.ts'

afterEach(() => vi.unstubAllEnvs())

test('a program that is there is found', () => {
  expect(requireComponent('node')).toMatch(/node$/)
})

test('a missing program is recorded by name, so that npm test can tell', () => {
  const record = mkdtempSync(join(tmpdir(), 'missing-'))
  vi.stubEnv('CI', '')
  vi.stubEnv('OCTOPUS_MISSING_COMPONENTS', record)
  expect(requireComponent('no-such-program')).toBeUndefined()
  expect(existsSync(join(record, 'no-such-program'))).toBe(true)
})

test('with CI=true a missing program fails', () => {
  vi.stubEnv('CI', 'true')
  expect(() => requireComponent('no-such-program')).toThrow(/npm run test:components/)
})

test('a missing module of Python is recorded by the name of its package', () => {
  const record = mkdtempSync(join(tmpdir(), 'missing-'))
  vi.stubEnv('CI', '')
  vi.stubEnv('OCTOPUS_MISSING_COMPONENTS', record)
  expect(requirePythonModule('no_such_module')).toBeUndefined()
  expect(existsSync(join(record, 'python3-no_such_module'))).toBe(true)
})

test('what a machine does not allow is recorded as well, and is no failure', () => {
  const record = mkdtempSync(join(tmpdir(), 'missing-'))
  vi.stubEnv('CI', 'true')
  vi.stubEnv('OCTOPUS_MISSING_COMPONENTS', record)
  expect(notAllowed('networks of their own (unshare -n)')).toBeUndefined()
  expect(existsSync(join(record, 'networks of their own (unshare -n)'))).toBe(true)
})
