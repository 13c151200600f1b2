import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { around, Pauses } from './pauses.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function taken(pauses: Pauses, times: number): Promise<number[]> {
  const found: number[] = []
  for (let i = 0; i < times; i++) {
    const begun = Date.now()
    const over = pauses.take(new AbortController().signal)
    await vi.runAllTimersAsync()
    await over
    found.push(Date.now() - begun)
  }
  return found
}

test('pauses double up to the longest and no further, vary, and begin again', async () => {
  const pauses = new Pauses(1_000, 4_000)
  const found = await taken(pauses, 5)
  for (const [index, pause] of [1_000, 2_000, 4_000, 4_000, 4_000].entries()) {
    expect(found[index]).toBeGreaterThanOrEqual(pause * 0.75)
    expect(found[index]).toBeLessThanOrEqual(pause)
  }
  expect(new Set(found.slice(2)).size).toBeGreaterThan(1)
  expect(pauses.areLongest).toBe(true)
  pauses.reset()
  expect(pauses.areLongest).toBe(false)
  expect((await taken(pauses, 1))[0]).toBeLessThanOrEqual(1_000)
})

test('what is varied stays within a tenth', () => {
  const found = Array.from({ length: 100 }, () => around(1_000))
  expect([Math.min(...found) >= 900, Math.max(...found) <= 1_100, new Set(found).size > 1]).toEqual([true, true, true])
})

test('an abort ends a pause', async () => {
  const stop = new AbortController()
  const over = new Pauses(60_000, 60_000).take(stop.signal)
  stop.abort()
  await over
})
