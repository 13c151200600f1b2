import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { sorted } from './sorted.ts'

afterEach(() => void vi.restoreAllMocks())

it('gives what Array.prototype.sort gives, equal items in their order', async () => {
  const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 300 }), place: fc.nat() }), { maxLength: 3_000, size: 'max' })
  const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key
  await fc.assert(
    fc.asyncProperty(items, async (list) => {
      expect(await sorted(list, compare)).toEqual([...list].sort(compare))
    }),
    { numRuns: 30 },
  )
})

it('lets others run whenever its slice of time is used up', async () => {
  // A clock on which each comparison takes 1 us.
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const compare = (a: number, b: number): number => {
    now += 0.001
    return a - b
  }
  const list = Array.from({ length: 20_000 }, (_, i) => (i * 7_919) % 20_011)
  await sorted(list, compare)
  isDone = true
  // 2 ms each, and one run of 512 items may be sorted past that: never more than 9 ms at a time.
  expect(turns).toBeGreaterThan(now / 9)
})
