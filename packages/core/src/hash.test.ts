import { expect, test } from 'vitest'
import { hashText, mixed, shareOf } from './hash.ts'

test('is the same everywhere: a changed number would move every client', () => {
  expect([hashText(''), hashText('10.0.0.1'), mixed(hashText('canary'), hashText('session-4711'))]).toMatchInlineSnapshot(`
    [
      2872998923,
      3872696475,
      3127371674,
    ]
  `)
})

test('is even, also for texts that differ in one character', () => {
  const buckets = Array.from({ length: 16 }, () => 0)
  const count = 64_000
  for (let i = 0; i < count; i++) buckets[Math.floor(shareOf(mixed(7, hashText(`10.0.${i >> 8}.${i & 255}`))) * 16)]! += 1
  const expected = count / 16
  const chi = buckets.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0)
  // 15 degrees of freedom: an even hash is above 44 once in ten thousand times, and this one never changes.
  expect(chi).toBeLessThan(44)
})
