import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { LIMITS } from '../limits.ts'
import { readRegistry, registryKeys } from './registry.ts'
import { vectors } from '../testing/vectors.ts'
import type { RegistryStore } from './registry.ts'

interface Vector {
  readonly backend: string
  readonly registry_path: string
  readonly try: readonly string[]
}

const PATH = '/schemas/users/v1/openapi'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)

/** A store that remembers what it was asked for. */
function store(
  name: string,
  values: Readonly<Record<string, readonly [Uint8Array, number]>>,
): RegistryStore & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    name,
    asked,
    async get(key) {
      asked.push(key)
      const found = values[key]
      return found === undefined ? undefined : { value: found[0], revision: found[1] }
    },
  }
}

interface Vectors {
  readonly cases: readonly Vector[]
  readonly compressed_suffix: string
  readonly compress_when_bytes_greater_than: number
  readonly reject_when_uncompressed_bytes_greater_than: number
}

describe('vectors', () => {
  const {
    cases,
    compressed_suffix: suffix,
    compress_when_bytes_greater_than: compressed,
    reject_when_uncompressed_bytes_greater_than: largest,
  } = vectors<Vectors>('storage-keys')
  test.each(cases)('keys of $backend', async ({ backend, registry_path: path, try: keys }) => {
    expect(registryKeys(backend, path).flat()).toEqual(keys)
    const empty = store(backend, {})
    await expect(readRegistry(empty, path, LIMITS)).rejects.toThrow('is not there')
    expect(empty.asked).toEqual(keys)
  })

  test.each([compressed, compressed + 1, largest])('a value of %i bytes, stored as the library stores it', async (size) => {
    for (const { backend, registry_path: path, try: keys } of cases) {
      const value = Buffer.from(randomBytes(size).toString('hex').slice(0, size))
      const isCompressed = size > compressed
      const key = keys.findLast((one) => one.endsWith(suffix) === isCompressed)!
      const found = await readRegistry(store(backend, { [key]: [isCompressed ? gzipSync(value) : value, 1] }), path, LIMITS)
      expect([found.key, value.equals(found.bytes)]).toEqual([key, true])
    }
  })
})

test('the first key that has a value, and of its two spellings the newer one', async () => {
  const old = gzipSync('{"old":true}')
  const found = await readRegistry(
    store('consul', { 'farp/schemas/users/v1/openapi.gz': [old, 3], 'farp/schemas/users/v1/openapi': [bytes('{}'), 7] }),
    PATH,
    LIMITS,
  )
  expect([found.key, text(found.bytes)]).toEqual(['farp/schemas/users/v1/openapi', '{}'])
  const same = await readRegistry(
    store('consul', { 'farp/schemas/users/v1/openapi.gz': [old, 7], 'farp/schemas/users/v1/openapi': [bytes('{}'), 7] }),
    PATH,
    LIMITS,
  )
  expect(text(same.bytes)).toBe('{"old":true}')
  const first = await readRegistry(
    store('etcd', { [PATH]: [bytes('{"a":1}'), 1], 'farp/schemas/users/v1/openapi': [bytes('{}'), 9] }),
    PATH,
    LIMITS,
  )
  expect(text(first.bytes)).toBe('{"a":1}')
})

test('compressed values are known by their first bytes, whatever the key', async () => {
  const found = await readRegistry(store('etcd', { [PATH]: [gzipSync('{"a":1}'), 1] }), PATH, LIMITS)
  expect(text(found.bytes)).toBe('{"a":1}')
  const plain = await readRegistry(store('etcd', { 'farp/schemas/users/v1/openapi.gz': [bytes('{}'), 1] }), PATH, LIMITS)
  expect(text(plain.bytes)).toBe('{}')
})

test('[F12.5.registry] decompression is bounded by size and by ratio; broken data is an error', async () => {
  const bomb = gzipSync(Buffer.alloc(40_000_000))
  await expect(readRegistry(store('etcd', { [PATH]: [bomb, 1] }), PATH, LIMITS)).rejects.toThrow('decodes to more than')
  const steep = gzipSync(Buffer.alloc(5_000_000))
  await expect(readRegistry(store('etcd', { [PATH]: [steep, 1] }), PATH, LIMITS)).rejects.toThrow('decodes to more than')
  const large = Buffer.alloc(200, 0x20)
  await expect(readRegistry(store('etcd', { [PATH]: [large, 1] }), PATH, { ...LIMITS, schemaBytes: 100 })).rejects.toThrow(
    'larger than 100',
  )
  const broken = gzipSync('{}').subarray(0, 12)
  await expect(readRegistry(store('etcd', { [PATH]: [broken, 1] }), PATH, LIMITS)).rejects.toThrow('cannot be decompressed')
})

test('[R38] a manifest cannot read what else is in the store', async () => {
  for (const path of ['/schemas/../secrets', 'a//b', '/a b', '/a\u0000', '', '/', `/schemas/${'a'.repeat(600)}`, '/schemas/%2e%2e/x']) {
    const asked = store('consul', {})
    await expect(readRegistry(asked, path, LIMITS), path).rejects.toThrow('is no path')
    expect(asked.asked).toEqual([])
  }
  const asked = store('consul', {})
  await expect(readRegistry(asked, 'secrets/database', LIMITS)).rejects.toThrow('is not there')
  expect(asked.asked.every((key) => key.startsWith('farp/'))).toBe(true)
})
