import { describe, expect, test } from 'vitest'
import { isChecksumOf, manifestChecksum } from './checksum.ts'
import { vectors } from '../testing/vectors.ts'
import type { HashedDescriptor } from './checksum.ts'

const cases = vectors<readonly { name: string; schemas: HashedDescriptor[]; expected_checksum: string }[]>('manifest-checksum')

describe('vectors', () => {
  test.each(cases)('$name', ({ schemas, expected_checksum: expected }) => {
    expect(manifestChecksum(schemas)).toBe(expected)
    expect(isChecksumOf(expected, schemas)).toBe(true)
  })
})

test('any order of up to four schemas of one type fits', () => {
  const schemas = ['a', 'b', 'c', 'd'].map((letter) => ({ type: 'openapi', hash: letter.repeat(64) }))
  const declared = manifestChecksum(schemas.toReversed())
  expect(manifestChecksum(schemas)).not.toBe(declared)
  expect(isChecksumOf(declared, schemas)).toBe(true)
  const five = [...schemas, { type: 'openapi', hash: 'e'.repeat(64) }]
  expect(isChecksumOf(manifestChecksum(five.toReversed()), five)).toBe(false)
})

test('[R38] [F12.12.cost] a manifest of fifty schemas in pairs costs no more than a few digests', () => {
  const schemas = Array.from({ length: 50 }, (_, index) => ({ type: `t${index >> 1}`, hash: String(index) }))
  const start = performance.now()
  expect(isChecksumOf('0'.repeat(64), schemas)).toBe(false)
  expect(performance.now() - start).toBeLessThan(3000)
})
