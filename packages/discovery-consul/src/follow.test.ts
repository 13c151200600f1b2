import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { follow, nextIndex } from './follow.ts'
import type { Told } from './client.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('an index that goes backwards begins again, and one that is missing or 0 still waits', () => {
  expect(nextIndex(0, 7)).toBe(7)
  expect(nextIndex(7, 7)).toBe(7)
  expect(nextIndex(7, 8)).toBe(8)
  expect(nextIndex(8, 3)).toBe(0)
  expect(nextIndex(8, 0)).toBe(1)
  expect(nextIndex(8, Number.NaN)).toBe(1)
  expect(nextIndex(8, -1)).toBe(1)
})

async function asked(answer: (index: number, count: number) => Told, ms: number): Promise<{ indices: number[]; values: unknown[] }> {
  const stop = new AbortController()
  const indices: number[] = []
  const values: unknown[] = []
  const done = follow(
    async (index) => {
      indices.push(index)
      return answer(index, indices.length)
    },
    ({ value }) => void values.push(value),
    stop.signal,
  )
  await vi.advanceTimersByTimeAsync(ms)
  stop.abort()
  await done
  return { indices, values }
}

const told = (value: unknown, index: number): Told => ({ value, index, isFiltered: false, deniesByDefault: false })

test('an agent that answers at once with nothing new is asked less and less often, and nothing is told', async () => {
  const { indices, values } = await asked(() => told({ users: [] }, 0), 60_000)
  expect(values).toEqual([{ users: [] }])
  // Doubling from 40 ms to 10 s, a minute has about a dozen pauses; without them it would be a loop.
  expect(indices.length).toBeLessThan(20)
  expect(indices.length).toBeGreaterThan(8)
  expect(indices.slice(0, 3)).toEqual([0, 1, 1])
})

test('an index that moves without news is followed, and news is told at once', async () => {
  const { indices, values } = await asked((_, count) => told(count < 4 ? 'a' : `b${count}`, count), 700)
  expect(values.slice(0, 3)).toEqual(['a', 'b4', 'b5'])
  expect(indices.slice(0, 5)).toEqual([0, 1, 2, 3, 4])
})

test('after a restored snapshot everything is asked for anew', async () => {
  const { indices } = await asked((_, count) => told(count, [9, 12, 4, 5][Math.min(count, 4) - 1]!), 300)
  expect(indices.slice(0, 5)).toEqual([0, 9, 12, 0, 5])
})

test('what cannot be asked is rejected', async () => {
  const failing = follow(
    () => Promise.reject(new Error('gone')),
    () => {},
    new AbortController().signal,
  )
  await expect(failing).rejects.toThrow('gone')
})
