import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { load, valid } from '../testing/files.ts'
import { plainValue } from './plain.ts'
import { substitute } from './substitute.ts'

test.each([
  ['${A}', { A: 'x' }, 'x'],
  ['a${A}b${A}c', { A: 'x' }, 'axbxc'],
  ['${A:-d}', {}, 'd'],
  ['${A:-d}', { A: '' }, 'd'],
  ['${A:-}', {}, ''],
  ['${A}', { A: '' }, ''],
  ['$${A}', { A: 'x' }, '${A}'],
  ['$$', {}, '$'],
  ['$2b$10$abc', {}, '$2b$10$abc'],
  ['$A $ %', { A: 'x' }, '$A $ %'],
  ['${A}', { A: '${B}', B: 'y' }, '${B}'],
])('%s', (text, env, out) => {
  expect(substitute(text, env)).toMatchObject({ text: out, missing: [] })
})

test('a variable that is not set is named, also one that every object has', () => {
  expect(substitute('${A}${constructor}', {}).missing).toEqual(['A', 'constructor'])
})

test.each(['${', '${A', '${}', '${1}', '${A-x}', '${A:-${B}}', '${a b}'])('%s is no reference', (text) => {
  expect(substitute(text, { A: 'x' }).malformed).toBeDefined()
})

test('property: a text with its dollars doubled comes back as it was', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(substitute(text.replaceAll('$', '$$$$'), {}).text).toBe(text)
    }),
  )
})

test('property: a value arrives as it is, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (value, before, after) => {
      const escape = (text: string): string => text.replaceAll('$', '$$$$')
      const env = { V: value }
      expect(substitute(`${escape(before)}\${V}${escape(after)}`, env).text).toBe(before + value + after)
      expect(substitute(`\${V:-x}`, env).text).toBe(value)
    }),
  )
})

test('property: a number that was put in is a number again', () => {
  fc.assert(
    fc.property(fc.integer(), (number) => {
      expect(plainValue(substitute('${N}', { N: String(number) }).text)).toBe(number)
    }),
  )
})

test('a plain scalar is typed again, a quoted one stays a text, a comment is not read', async () => {
  const env = { PORT: '81', LEVEL: 'debug', ON: 'false' }
  const config = await valid(
    'server: # ${NOT_SET}\n  http_port: ${PORT}\nobservability: { logging: { level: "${LEVEL}" } }\nadmin:\n  enabled: ${ON}\n',
    { host: { env } },
  )
  expect([config.server.port, config.logging.level, config.admin.enabled]).toEqual([81, 'debug', false])
  const { issues } = await load('server: { http_port: "${PORT}" }', { host: { env } })
  expect(issues[0]?.message).toBe('must be a port number from 0 to 65535, not the value of ${PORT}; write it without quotes')
})

test('a value cannot bring keys, and keys are not substituted', async () => {
  const { issues } = await load('server:\n  host: ${X}\n  ${K}: 1\n', { host: { env: { X: 'a: {b: 1}', K: 'http_port' } } })
  expect(issues.map((issue) => `${issue.code} ${issue.path}`)).toEqual(['invalid_value server.host', 'unknown_key server["${K}"]'])
})

test('a missing variable is one issue with its name and place, and what hangs on it is none', async () => {
  const { issues } = await load('server:\n  http_port: ${PORT}\n')
  expect(issues).toEqual([
    {
      code: 'missing_variable',
      path: 'server.http_port',
      source: 'octopus.yaml:2:14',
      message: expect.stringContaining('PORT is not set') as string,
    },
  ])
})

test('DISCOVERY_BACKEND overrides discovery.backend, and an error says where it came from', async () => {
  const file = 'discovery: { backend: kubernetes }'
  expect((await valid(file, { host: { env: { DISCOVERY_BACKEND: 'static' } } })).gateway.discovery).toHaveLength(1)
  expect((await valid('{}', { host: { env: { DISCOVERY_BACKEND: 'static' } } })).gateway.discovery).toHaveLength(1)
  expect((await valid('{}', { host: { env: { DISCOVERY_BACKEND: '' } } })).gateway.discovery).toHaveLength(0)
  const { issues } = await load('discovery: { backend: static }', { host: { env: { DISCOVERY_BACKEND: 'nowhere' } } })
  expect(issues).toMatchObject([{ code: 'invalid_value', path: 'discovery.backend', source: 'the environment variable DISCOVERY_BACKEND' }])
})
