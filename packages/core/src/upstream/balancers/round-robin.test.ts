import { describe, expect, it } from 'vitest'
import { counts, endpointOf, endpointsOf, everybody } from './balancers.fixture.ts'
import { roundRobin } from './round-robin.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

const order = (of: { pick: ReturnType<typeof roundRobin>['pick'] }, picks: number): string =>
  Array.from({ length: picks }, () => of.pick(everybody())!.id).join('')

describe('round robin', () => {
  it('takes turns', () => {
    expect(
      order(
        roundRobin(endpointsOf([1, 1, 1]), () => 0),
        7,
      ),
    ).toBe('0120120')
    expect(
      order(
        roundRobin(endpointsOf([7, 7]), () => 0.5),
        4,
      ),
    ).toBe('1010')
  })

  it('[R35] starts at different endpoints in different gateways', () => {
    const first = new Set(Array.from({ length: 200 }, () => order(roundRobin(endpointsOf([1, 1, 1])), 1)))
    expect(first.size).toBe(3)
  })

  it('is smooth: the heavy one does not get all its turns in a row', () => {
    expect(order(roundRobin(endpointsOf([5, 1, 1])), 14)).toBe('00102000010200')
  })

  it('passes over what is not accepted and shares the rest evenly', () => {
    const notSecond = ({ id }: LiveEndpoint): boolean => id !== '1'
    expect(counts(roundRobin(endpointsOf([1, 1, 1])), 100, notSecond)).toEqual(
      new Map([
        ['0', 50],
        ['2', 50],
      ]),
    )
    expect(counts(roundRobin(endpointsOf([2, 1, 2])), 100, notSecond)).toEqual(
      new Map([
        ['0', 50],
        ['2', 50],
      ]),
    )
  })

  it('keeps its place when endpoints come and go', () => {
    const balancer = roundRobin(endpointsOf([1, 1, 1, 1]), () => 0)
    expect(order(balancer, 2)).toBe('01')
    const [zero, one, , three] = endpointsOf([1, 1, 1, 1])
    expect(order(balancer.over([zero!, one!, three!, endpointOf('4')]), 4)).toBe('3401')
    const weights = roundRobin(endpointsOf([3, 1]))
    expect(order(weights, 2)).toBe('00')
    expect(order(weights.over(endpointsOf([3, 1, 1])), 1)).toBe('1')
  })
})
