import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roundRobin } from './round-robin.ts'
import type { Endpoint } from '../endpoint.ts'

const endpoints = (...weights: number[]): Endpoint[] =>
  weights.map((weight, i) => ({ id: String(i), origin: `http://10.0.0.${i}`, weight, labels: {} }))
const any = (): boolean => true

function counts(weights: number[], picks: number, accept: (endpoint: Endpoint) => boolean = any): number[] {
  const balancer = roundRobin(endpoints(...weights), 0)
  const seen = weights.map(() => 0)
  for (let i = 0; i < picks; i++) {
    const picked = balancer.pick(null as never, accept)
    if (picked !== undefined) seen[Number(picked.id)]! += 1
  }
  return seen
}

describe('round robin', () => {
  it('takes turns', () => {
    expect(counts([1, 1, 1], 300)).toEqual([100, 100, 100])
    expect(counts([7, 7], 10)).toEqual([5, 5])
  })

  it('[R35] starts at different endpoints in different gateways', () => {
    const first = new Set(Array.from({ length: 200 }, () => roundRobin(endpoints(1, 1, 1)).pick(null as never, any)!.id))
    expect(first.size).toBe(3)
  })

  it('property: shares follow the weights, and 0 gets nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        expect(counts(weights, total * 10)).toEqual(weights.map((weight) => weight * 10))
      }),
    )
  })

  it('is smooth: the heavy one does not get all its turns in a row', () => {
    const balancer = roundRobin(endpoints(5, 1, 1))
    const order = Array.from({ length: 7 }, () => balancer.pick(null as never, any)!.id).join('')
    expect(order).not.toContain('00000')
  })

  it('passes over what is not accepted and shares the rest evenly', () => {
    const notSecond = (endpoint: Endpoint): boolean => endpoint.id !== '1'
    expect(counts([1, 1, 1], 100, notSecond)).toEqual([50, 0, 50])
    expect(counts([2, 1, 2], 100, notSecond)).toEqual([50, 0, 50])
    expect(counts([1, 1], 5, () => false)).toEqual([0, 0])
    expect(counts([], 5)).toEqual([])
    expect(counts([0], 5)).toEqual([0])
    expect(counts([Number.NaN, -1, 1], 5)).toEqual([0, 0, 5])
  })
})
