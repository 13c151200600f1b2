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
  readonly canonical_bytes?: number
  readonly sha256_of_raw_input_text?: string
}

interface Candidate {
  readonly producer: string
  readonly body: string
  readonly declared_hash: string
  readonly verified: boolean
  readonly by?: readonly string[]
}

describe('schema hash vectors', () => {
  test.each(vectors<readonly Vector[]>('schema-checksum'))(
    '$name',
    ({ input_json_text: text, expected_checksum: expected, canonical_utf8_hex: hex, canonical_bytes: length, ...vector }) => {
      const value: unknown = JSON.parse(text)
      expect(schemaHash(value)).toBe(expected)
      if (length !== undefined) expect(Buffer.byteLength(canonicalJson(value))).toBe(length)
      if (hex !== undefined) expect(Buffer.from(canonicalJson(value)).toString('hex')).toBe(hex)
      expect(isHashOf(expected, { value })).toBe(true)
      // Of those who hash what they serve: JSON as it stands, or the text inside.
      const raw = vector.sha256_of_raw_input_text
      const bytes = Buffer.from(typeof value === 'string' ? value : text)
      if (raw !== undefined) expect(isHashOf(raw, { bytes, value })).toBe(true)
    },
  )
})

describe('hash candidates', () => {
  const { cases } = vectors<{ cases: readonly Candidate[] }>('hash-candidates')
  test.each(cases)('$producer', ({ body, declared_hash: declared, verified, by = [] }) => {
    const bytes = Buffer.from(body)
    const value = parseSchema(bytes, LIMITS)
    expect(isHashOf(declared, { bytes, value })).toBe(verified)
    // Without the bytes only the parsed forms are left.
    expect(isHashOf(declared, { value })).toBe(by.some((way) => way !== 'raw'))
  })

  test('white space in the middle of a body costs no more than its length', () => {
    const text = `{${' '.repeat(1_000_000)}}`
    const bytes = Buffer.from(`${text}\n`)
    expect(isHashOf(createHash('sha256').update(text).digest('hex'), { bytes, value: {} })).toBe(true)
    expect(isHashOf('0'.repeat(64), { bytes, value: {} })).toBe(false)
  })

  test('a body served with a trailing newline', () => {
    const vector = vectors<Readonly<Record<string, string>>>('served-schema-hash')
    const body = vector['body']!
    const declared = vector['declared_hash']!
    const content = { bytes: Buffer.from(body), value: JSON.parse(body) as unknown }
    const hashes = Object.keys(vector).filter((name) => name.startsWith('sha256_'))
    expect(hashes).toHaveLength(3)
    for (const name of hashes) expect(isHashOf(vector[name]!, content), name).toBe(true)
    expect(declared).toBe(vector['sha256_raw_body_without_trailing_newline'])
    expect(isHashOf(declared.toUpperCase(), content)).toBe(true)
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
