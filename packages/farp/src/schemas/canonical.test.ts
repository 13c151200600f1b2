import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { canonicalJson, isHashOf, schemaHash } from './canonical.ts'
import { parseSchema } from './parse.ts'
import { LIMITS } from '../limits.ts'
import { vectors } from '../testing/vectors.ts'

interface Vector {
  readonly name: string
  readonly input_json_text: string
  readonly expected_checksum: string
  readonly canonical_utf8_hex?: string
}

describe('schema hash vectors', () => {
  test.each(vectors<readonly Vector[]>('schema-checksum'))(
    '$name',
    ({ input_json_text: text, expected_checksum: expected, canonical_utf8_hex: hex }) => {
      const value: unknown = JSON.parse(text)
      expect(schemaHash(value)).toBe(expected)
      if (hex !== undefined) expect(Buffer.from(canonicalJson(value)).toString('hex')).toBe(hex)
      expect(isHashOf(expected, { value })).toBe(true)
    },
  )
})

describe('hash candidates', () => {
  const { cases } = vectors<{ cases: readonly { producer: string; body: string; declared_hash: string; verified: boolean }[] }>(
    'hash-candidates',
  )
  test.each(cases)('$producer', ({ body, declared_hash: declared, verified }) => {
    const bytes = Buffer.from(body)
    expect(isHashOf(declared, { bytes, value: parseSchema(bytes, LIMITS) })).toBe(verified)
  })

  test('white space in the middle of a body costs no more than its length', () => {
    const text = `{${' '.repeat(1_000_000)}}`
    const bytes = Buffer.from(`${text}\n`)
    expect(isHashOf(createHash('sha256').update(text).digest('hex'), { bytes, value: {} })).toBe(true)
    expect(isHashOf('0'.repeat(64), { bytes, value: {} })).toBe(false)
  })

  test('a body served with a trailing newline', () => {
    const { body, declared_hash: declared } = vectors<{ body: string; declared_hash: string }>('served-schema-hash')
    const bytes = Buffer.from(body)
    expect(isHashOf(declared, { bytes, value: JSON.parse(body) })).toBe(true)
    expect(isHashOf(declared.toUpperCase(), { bytes, value: JSON.parse(body) })).toBe(true)
  })

  test('both spellings of backspace and form feed', () => {
    const value = { s: 'a\bb\f\\b' }
    for (const text of [String.raw`{"s":"a\u0008b\u000c\\b"}`, String.raw`{"s":"a\bb\f\\b"}`]) {
      expect(isHashOf(createHash('sha256').update(text).digest('hex'), { value }), text).toBe(true)
    }
  })
})

test('negative zero is printed as Go prints it', () => {
  expect(canonicalJson([-0, 0])).toBe('[-0,0]')
})

test('the canonical form is JSON of the same value, and blind to the order of members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value)
      expect(canonicalJson(JSON.parse(text))).toBe(text)
    }),
  )
})
