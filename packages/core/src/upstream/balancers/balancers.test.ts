import fc from 'fast-check'
import { BALANCERS } from './by-name.ts'
import { BALANCER_NAMES } from '../balancing.ts'
import { counts, endpointsOf, seeded } from './balancers.fixture.ts'
import { describe, expect, it } from 'vitest'

/** How far a share may be from that of the weights: what draws bring, and how evenly a ring or table is filled. */
const UNEVENNESS = { 'ring-hash': 0.3, maglev: 0.05, 'round-robin': 0.001 } as const

const weights = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 })
const RUNS = { numRuns: 25, seed: 35 } as const

describe.each(BALANCER_NAMES)('%s', (name) => {
  const make = (of: readonly number[], seed = 3): ReturnType<(typeof BALANCERS)[typeof name]> =>
    BALANCERS[name](endpointsOf(of), seeded(seed))

  it('[R35] property: shares follow the weights, no endpoint is favoured by its place, and 0 gets nothing', () => {
    const picks = 4_000
    fc.assert(
      fc.property(weights, fc.nat(), (of, seed) => {
        const seen = counts(make(of, seed), picks)
        const total = of.reduce((sum, weight) => sum + weight, 0)
        of.forEach((weight, i) => {
          const share = total === 0 ? 0 : weight / total
          // Five standard deviations of a draw.
          const chance = 5 * Math.sqrt((share * (1 - share)) / picks)
          const allowed = chance + share * (name in UNEVENNESS ? UNEVENNESS[name as keyof typeof UNEVENNESS] : 0)
          expect(Math.abs((seen.get(String(i)) ?? 0) / picks - share)).toBeLessThanOrEqual(allowed)
        })
      }),
      RUNS,
    )
  })

  it('property: only accepted endpoints are chosen, and each of them is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.integer({ min: 1, max: 4 }), ok: fc.boolean() }), { minLength: 1, maxLength: 12 }),
        (of) => {
          const seen = counts(make(of.map(({ weight }) => weight)), 1_500, ({ id }) => of[Number(id)]!.ok)
          expect([...seen.keys()].map(Number).sort((a, b) => a - b)).toEqual(of.flatMap(({ ok }, i) => (ok ? [i] : [])))
        },
      ),
      RUNS,
    )
  })

  it('every request goes to the only one left, among many', () => {
    const balancer = make(Array.from({ length: 300 }, () => 1))
    expect(counts(balancer, 500, ({ id }) => id === '217')).toEqual(new Map([['217', 500]]))
  })

  it('shares what falls to those that are left by their weights', () => {
    const seen = counts(make([4, 2, 1, 1, 2, 2]), 12_000, ({ id }) => id !== '0')
    const heavy = [1, 4, 5].map((i) => seen.get(String(i))! / 12_000)
    for (const share of heavy) expect(share).toBeGreaterThan(0.18)
    for (const i of [2, 3]) expect(seen.get(String(i))! / 12_000).toBeLessThan(0.18)
  })

  it('chooses nobody from nothing, and takes no weight that is none', () => {
    expect(counts(make([]), 5).size).toBe(0)
    expect(counts(make([0]), 5).size).toBe(0)
    expect(counts(make([1, 1]), 5, () => false).size).toBe(0)
    expect(counts(make([Number.NaN, -1, Infinity, 1]), 5)).toEqual(new Map([['3', 5]]))
  })

  it('goes on over another list', () => {
    const before = make([1, 1, 1])
    counts(before, 10)
    const after = before.over(endpointsOf([2, 0, 1, 1]))
    expect([...counts(after, 400).keys()].sort()).toEqual(['0', '2', '3'])
    expect(counts(after.over([]), 5).size).toBe(0)
    expect(counts(after.over([]).over(endpointsOf([1])), 5).get('0')).toBe(5)
  })
})
