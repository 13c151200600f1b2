import { allowance } from './allowance.ts'
import { expect, test } from 'vitest'

test('so many bytes a second, and no more', () => {
  const isAllowed = allowance(100)
  expect([isAllowed(60, 5_000), isAllowed(40, 5_500), isAllowed(1, 5_999)]).toEqual([true, true, false])
  expect([isAllowed(101, 6_000), isAllowed(1, 6_100), isAllowed(100, 7_000)]).toEqual([false, false, true])
})
