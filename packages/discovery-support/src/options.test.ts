import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { duration, httpAddress } from './options.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, understand } from './understand.ts'
import { tlsContext, tlsOptions } from './tls.ts'
import { tmpdir } from 'node:os'

const problemOf = (schema: v.GenericSchema, value: unknown): string | undefined => v.safeParse(schema, value).issues?.[0].message

test('durations are milliseconds, and more than none', () => {
  expect([v.parse(duration, '2s'), v.parse(duration, 50)]).toEqual([2_000, 50])
  expect(['soon', 0, -1].map((value) => problemOf(duration, value))).toEqual([
    expect.stringContaining('is not a duration'),
    'must be longer than nothing',
    expect.stringContaining('from 0 up'),
  ])
})

test('addresses have no slash at their end, and nothing secret is shown', () => {
  const address = httpAddress('http://a.test:1')
  expect(['http://a.test//', 'HTTPS://a.test/b/'].map((value) => v.parse(address, value))).toEqual(['http://a.test', 'HTTPS://a.test/b'])
  for (const value of ['a.test:1', 'ftp://a.test', 'http://'])
    expect(problemOf(address, value)).toBe('write an address such as http://a.test:1')
  for (const value of ['http://ann:pw@a.test', 'http://a.test/?x', 'http://a.test/#x'])
    expect(problemOf(address, value)).toBe('leave out user name, password and query')
})

describe('tls', () => {
  test('certificate and key belong together', () => {
    expect(problemOf(tlsOptions, { cert: 'x' })).toMatch(/belong together/)
    expect(v.parse(tlsOptions, {})).toEqual({ verify: true })
  })

  test('files are read, texts are taken, and what cannot be read is named without its value', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octopus-support-'))
    try {
      writeFileSync(join(folder, 'ca'), 'of a file')
      const cert = '-----BEGIN CERTIFICATE-----'
      expect(await tlsContext({ ca: join(folder, 'ca'), cert, key: cert, serverName: 'a.test', verify: false })).toEqual({
        ca: 'of a file',
        cert,
        key: cert,
        servername: 'a.test',
        rejectUnauthorized: false,
      })
      const missing = tlsContext({ key: join(folder, 's3cret') })
      await expect(missing).rejects.toThrow('The file of tls.key cannot be read (ENOENT).')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test('answers of another kind or another shape say where and who', () => {
  const said = { name: 'Consul at http://a:1', product: 'Consul', subject: 'the question for a key' }
  const schema = v.object({ a: v.number() })
  expect(understand(schema, readJson('{"a":1}', said), said)).toEqual({ a: 1 })
  expect(() => readJson('<html>', said)).toThrow(
    'Consul at http://a:1 answered the question for a key with something that is not JSON: is this Consul?',
  )
  expect(() => understand(schema, { a: 'x' }, said)).toThrow(/with something else \(a\): is this Consul\?/)
})
