import { Buckets } from './gcra.ts'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'

describe('token buckets', () => {
  it('lets a burst pass, then one for each interval', () => {
    const buckets = new Buckets({ rate: 10, perMs: 1000, burst: 3 })
    expect([1, 2, 3].map(() => buckets.take('a', 1, 5_000).remaining)).toEqual([2, 1, 0])
    expect(buckets.take('a', 1, 5_000)).toMatchObject({ isAllowed: false, remaining: 0, retryMs: 100, resetMs: 300 })
    expect(buckets.take('a', 1, 5_099).isAllowed).toBe(false)
    expect(buckets.take('a', 1, 5_100)).toMatchObject({ isAllowed: true, remaining: 0 })
    expect(buckets.take('b', 1, 5_100).remaining).toBe(2)
    expect(buckets.take('a', 1, 9_000)).toMatchObject({ isAllowed: true, remaining: 2, resetMs: 100 })
  })

  it('a request of several units takes them all or none', () => {
    const buckets = new Buckets({ rate: 1, perMs: 1000, burst: 5 })
    expect(buckets.take('a', 3, 0).remaining).toBe(2)
    expect(buckets.take('a', 3, 0)).toMatchObject({ isAllowed: false, remaining: 2, retryMs: 1000 })
    expect(buckets.take('a', 2, 0)).toMatchObject({ isAllowed: true, remaining: 0 })
  })

  it('floating-point sums refuse nobody early', () => {
    const buckets = new Buckets({ rate: 3, perMs: 1000, burst: 30 })
    const now = 123_456_789.123
    for (let i = 0; i < 30; i++) expect(buckets.take('a', 1, now).isAllowed, `request ${i}`).toBe(true)
    expect(buckets.take('a', 1, now).isAllowed).toBe(false)
  })

  it('never lets more pass in any window than the burst and what came back meanwhile', () => {
    const limits = fc.record({ rate: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 50 }) })
    const steps = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 400 }), cost: fc.integer({ min: 1, max: 5 }) }), { maxLength: 80 })
    fc.assert(
      fc.property(limits, steps, ({ rate, burst }, list) => {
        const buckets = new Buckets({ rate, perMs: 1000, burst })
        const passed: { at: number; cost: number }[] = []
        let now = 1_000
        for (const { wait, cost } of list) {
          now += wait
          const verdict = buckets.take('a', cost, now)
          if (verdict.isAllowed) passed.push({ at: now, cost })
          expect(verdict.remaining).toBeGreaterThanOrEqual(0)
          expect(verdict.remaining).toBeLessThanOrEqual(burst)
          // What it says is what it does, but for the thousandth of a unit that is forgiven.
          if (!verdict.isAllowed && cost <= burst && verdict.retryMs > 20 / rate) {
            expect(buckets.take('a', cost, now + verdict.retryMs * 0.9).isAllowed).toBe(false)
          }
        }
        for (let from = 0; from < passed.length; from++) {
          let sum = 0
          for (const one of passed.slice(from)) {
            sum += one.cost
            expect(sum).toBeLessThanOrEqual(burst + ((one.at - passed[from]!.at) * rate) / 1000 + 0.1)
          }
        }
      }),
    )
  })

  it('a refused request is allowed after the time that it was told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 20 }), (rate, burst) => {
        const buckets = new Buckets({ rate, perMs: 1000, burst })
        for (let i = 0; i < burst; i++) buckets.take('a', 1, 77)
        const { isAllowed, retryMs } = buckets.take('a', 1, 77)
        expect(isAllowed).toBe(false)
        expect(buckets.take('a', 1, 77 + retryMs).isAllowed).toBe(true)
      }),
    )
  })

  it('remembers a bounded number of keys, and those in use longest', () => {
    const buckets = new Buckets({ rate: 1, perMs: 3_600_000, burst: 1 }, 100)
    expect(buckets.take('victim', 1, 0).isAllowed).toBe(true)
    for (let i = 0; i < 10_000; i++) {
      buckets.take(`stranger-${i}`, 1, 0)
      // A refused key is in use too: asking again and again must not make anybody forget it.
      if (i % 40 === 0) expect(buckets.take('victim', 1, 0).isAllowed, `after ${i} strangers`).toBe(false)
    }
    expect(buckets.size).toBeLessThanOrEqual(100)
  })
})
