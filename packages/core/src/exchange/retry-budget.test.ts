import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from './retry-after.ts'
import { RetryBudget } from './retry-budget.ts'

describe('[R15] the budget of repetitions', () => {
  it('lets a quiet upstream repeat 100 requests in ten seconds, and begins anew after them', () => {
    const budget = new RetryBudget()
    const taken = (now: number): number => Array.from({ length: 500 }, () => budget.take(0.2, now)).filter(Boolean).length
    expect(taken(50_000)).toBe(100)
    expect(taken(59_999)).toBe(0)
    expect(taken(60_000)).toBe(100)
  })

  it('is never more than its share of the requests of the last ten seconds, whatever the traffic', () => {
    let seed = 42
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
    for (const share of [0.01, 0.2, 1]) {
      const budget = new RetryBudget()
      const log: { readonly second: number; readonly isRepeat: boolean }[] = []
      let now = 1_000_000
      for (let i = 0; i < 20_000; i++) {
        now += random() < 0.001 ? random() * 8_000 : random() * 6
        const second = Math.floor(now / 1000)
        budget.requested(now)
        log.push({ second, isRepeat: false })
        while (random() < 0.6) {
          const recent = log.filter((one) => one.second > second - 10)
          const repeats = recent.filter((one) => one.isRepeat).length
          const isAllowed = repeats < Math.max(100, share * (recent.length - repeats))
          const isTaken = budget.take(share, now)
          if (isTaken !== isAllowed) expect([i, share, isTaken]).toEqual([i, share, isAllowed])
          if (isTaken) log.push({ second, isRepeat: true })
        }
        while (log.length > 0 && log[0]!.second <= second - 10) log.shift()
      }
      expect(log.some((one) => one.isRepeat)).toBe(true)
    }
  })

  it('of nothing is nothing', () => expect(new RetryBudget().take(0, 1)).toBe(false))
})

describe('Retry-After', () => {
  it('is seconds or a date', () => {
    const at = Date.parse('2026-01-01T00:00:00Z')
    expect(parseRetryAfter('120', at)).toBe(120_000)
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', at)).toBe(5_000)
    expect(parseRetryAfter('Thu, 01 Jan 2025 00:00:05 GMT', at)).toBe(0)
    for (const text of [undefined, '', '-1', '1.5', 'soon', '2026-01-01']) expect(parseRetryAfter(text, at)).toBe(undefined)
  })
})
