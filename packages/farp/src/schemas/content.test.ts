import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { openApiAdapter } from '../adapters/openapi.ts'
import { SchemaCache } from './content.ts'
import type { LoadedSchema } from './content.ts'

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const openapi = { type: 'openapi', adapter: openApiAdapter } as const
const nothing = { metadata: {}, endpoint: undefined }
const document = { openapi: '3.1.0', paths: { '/a': { get: {} } } }

test('one object per content, however it is written', () => {
  const cache = new SchemaCache(LIMITS)
  const content = cache.fromBytes(openapi, bytes(document))
  expect(cache.fromBytes(openapi, bytes(document))).toBe(content)
  expect(cache.fromBytes(openapi, Buffer.from('openapi: 3.1.0\npaths: {/a: {get: {}}}\n'))).toBe(content)
  expect(cache.fromValue(openapi, document)).toBe(content)
})

test('neither good nor broken bytes are parsed twice', () => {
  for (const [value, problem] of [
    [document, undefined],
    [{ openapi: '2.0' }, 'not supported'],
  ] as const) {
    let looks = 0
    const limits = {
      ...LIMITS,
      get depth() {
        looks++
        return LIMITS.depth
      },
    }
    const cache = new SchemaCache(limits)
    const read = (): void => {
      const adapt = (): unknown => cache.adapted(openapi, cache.fromBytes(openapi, bytes(value)), nothing)
      if (problem === undefined) adapt()
      else expect(adapt).toThrow(problem)
    }
    read()
    const first = looks
    expect(first).toBeGreaterThan(0)
    read()
    expect(looks).toBe(first)
  }
})

test('[R38] only a verified hash finds content', () => {
  const cache = new SchemaCache(LIMITS)
  const content = cache.fromBytes(openapi, bytes(document))
  expect(cache.verified('openapi', content.hash)).toBeUndefined()
  cache.remember(content.hash, content)
  expect(cache.verified('openapi', content.hash)).toBe(content)
})

test('[R38] a hash that is wrong is found wrong once, for the bytes that came', () => {
  const cache = new SchemaCache(LIMITS)
  const compact = bytes(document)
  const spaced = Buffer.from(JSON.stringify(document, undefined, 2))
  const content = cache.fromBytes(openapi, compact)
  expect(cache.fromBytes(openapi, spaced)).toBe(content)
  let looks = 0
  const came = (as: Uint8Array): { bytes: Uint8Array; value(): unknown } => ({
    bytes: as,
    value() {
      looks++
      return document
    },
  })
  const declared = createHash('sha256').update(spaced).digest('hex')
  const wrong = (): boolean => cache.hasHash(declared, content, came(compact))
  expect([wrong(), wrong(), looks]).toEqual([false, false, 1])
  // Other bytes may have it.
  expect(cache.hasHash(declared, content, came(spaced))).toBe(true)
  for (let n = 0; n < 16; n++) cache.hasHash(`${n}`.padStart(64, '0'), content, came(compact))
  const before = looks
  expect([wrong(), looks > before]).toEqual([false, true])
})

test('[R38] a hash that is wrong for a document is not wrong for another that differs in order', () => {
  const cache = new SchemaCache(LIMITS)
  const victims = { paths: document.paths, openapi: '3.1.0' }
  const declared = createHash('sha256').update(bytes(victims)).digest('hex')
  const isRight = (value: object): boolean => cache.hasHash(declared, cache.fromValue(openapi, value), { value: () => value })
  expect(cache.fromValue(openapi, victims)).toBe(cache.fromValue(openapi, document))
  expect([isRight(document), isRight(victims), isRight(document)]).toEqual([false, true, false])
})

test('[R38] a hash that is wrong for a value is found wrong once, and is not wrong for bytes', () => {
  const cache = new SchemaCache(LIMITS)
  // What is no character has a spelling of its own as bytes alone.
  const odd = { ...document, info: { title: '\ud800', version: '1' } }
  const content = cache.fromValue(openapi, odd)
  let looks = 0
  const value = {
    ...odd,
    get paths() {
      looks++
      return odd.paths
    },
  }
  const declared = createHash('sha256').update(bytes(odd)).digest('hex')
  const wrong = (): boolean => cache.hasHash(declared, content, { value: () => value })
  expect(wrong()).toBe(false)
  const first = looks
  expect([wrong(), first > 1, looks - first]).toEqual([false, true, 1])
  expect(cache.hasHash(declared, content, { value: () => odd, bytes: bytes(odd) })).toBe(true)
})

test('[R38] whoever makes up new schemas does not fill the memory, wherever they come from', () => {
  const cache = new SchemaCache(LIMITS)
  const large = (n: number): object => ({ ...document, info: { title: `${n}`, description: 'x'.repeat(8_000_000) } })
  const first = cache.fromValue(openapi, large(0))
  cache.remember(first.hash, first)
  cache.keep('0', { content: first } as LoadedSchema)
  expect([cache.verified('openapi', first.hash), cache.kept('0')?.content]).toEqual([first, first])
  for (let n = 1; n < 10; n++) cache.keep(`${n}`, { content: cache.fromValue(openapi, large(n)) } as LoadedSchema)
  expect([cache.verified('openapi', first.hash), cache.kept('0')]).toEqual([undefined, undefined])
  expect(cache.kept('9')).toBeDefined()
})
