import { expect, test } from 'vitest'
import { step } from './pointer.ts'

test('[R38] names are escaped, and those of megabytes are not written out for everything below them', () => {
  expect(step('/a', 'b/c~d', 0)).toBe('/a/b~1c~0d/0')
  const long = 'x'.repeat(1_000_000)
  const [one, other] = [step('', `${long}1`), step('', `${long}2`)]
  expect(Math.max(one.length, other.length)).toBeLessThan(200)
  expect(one).not.toBe(other)
  expect(step('', `${long}1`)).toBe(one)
})
