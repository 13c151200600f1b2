import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharesOf } from './shares.ts'
import type { Side } from './shares.ts'

const side = (weight: number, more: Partial<Side> = {}): Side => ({ priority: 0, isLocal: false, zones: 1, weight, ...more })
const rounded = (sides: readonly Side[], accepted: readonly number[], panic = 0): number[] =>
  sharesOf(sides, accepted, panic).map(({ share }) => Math.round(share * 1000) / 1000)

describe('priorities', () => {
  const levels = [side(10), side(10, { priority: 1 }), side(10, { priority: 2 })]

  it.each([
    ['all in order', [10, 10, 10], [1, 0, 0]],
    ['as long as 1.4 times what is left is enough', [8, 10, 10], [1, 0, 0]],
    ['half of the first are out', [5, 10, 10], [0.7, 0.3, 0]],
    ['none of the first is left', [0, 10, 10], [0, 1, 0]],
    ['the second cannot carry the rest', [2, 3, 10], [0.28, 0.42, 0.3]],
    ['all together cannot', [1, 1, 0], [0.5, 0.5, 0]],
    ['nothing is left', [0, 0, 0], [0.333, 0.333, 0.333]],
  ])('%s', (_when, accepted, shares) => {
    expect(rounded(levels, accepted)).toEqual(shares)
  })
})

describe('zones', () => {
  it.each([
    ['the local third of three zones keeps everything', 3, [2, 4], [1, 0]],
    ['more than the fair share does as well', 3, [4, 2], [1, 0]],
    ['one of two local ones is out', 3, [1, 4], [0.6, 0.4]],
    ['none is left here', 3, [0, 4], [0, 1]],
    ['none is left elsewhere', 3, [1, 0], [1, 0]],
    ['a small zone keeps its part', 2, [1, 9], [0.2, 0.8]],
  ])('%s', (_when, zones, [local, others], shares) => {
    const sides = [side(2, { isLocal: true, zones }), side(4, { zones })]
    expect(rounded(sides, [local!, others!])).toEqual(shares)
  })

  it('a gateway in a zone without instances uses the others', () => {
    expect(rounded([side(4, { zones: 2 })], [4])).toEqual([1])
  })
})

describe('panic', () => {
  const panics = (sides: readonly Side[], accepted: readonly number[], threshold: number): boolean[] =>
    sharesOf(sides, accepted, threshold).map(({ isPanicking }) => isPanicking)

  it('begins below the threshold', () => {
    expect([panics([side(10)], [5], 50), panics([side(10)], [4], 50), panics([side(10)], [0], 0)]).toEqual([[false], [true], [false]])
  })

  it('not while another priority can carry the load', () => {
    const levels = [side(10), side(10, { priority: 1 })]
    expect([panics(levels, [1, 10], 50), panics(levels, [1, 4], 50)]).toEqual([
      [false, false],
      [true, true],
    ])
  })

  it('shares within zones as if all were in order', () => {
    const sides = [side(2, { isLocal: true, zones: 2 }), side(6, { zones: 2 })]
    expect(rounded(sides, [0, 1], 50)).toEqual([0.25, 0.75])
  })
})

it('property: shares make one, and who has nothing in order gets nothing unless all panic', () => {
  const one = fc.record({
    priority: fc.nat({ max: 2 }),
    isLocal: fc.boolean(),
    weight: fc.integer({ min: 1, max: 20 }),
    ok: fc.nat({ max: 20 }),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(one, { minLength: 1, maxLength: 6, selector: ({ priority, isLocal }) => `${priority}${isLocal}` }),
      (list) => {
        const sides = list.sort((a, b) => a.priority - b.priority).map((each) => ({ ...each, zones: 2 }))
        const accepted = sides.map(({ weight, ok }) => Math.min(weight, ok))
        const shares = sharesOf(sides, accepted, 0)
        expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
        if (accepted.some((weight) => weight > 0))
          shares.forEach(({ share }, i) => (accepted[i] === 0 ? expect(share).toBeCloseTo(0, 9) : expect(share).toBeGreaterThanOrEqual(0)))
      },
    ),
    { seed: 4 },
  )
})
