import { BALANCERS } from './by-name.ts'
import { counts, endpointOf, endpointsOf, everybody, seeded } from './balancers.fixture.ts'
import { describe, expect, it } from 'vitest'
import { hashText } from '../../hash.ts'
import type { Balancer } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

const KEYS = Array.from({ length: 5_000 }, (_, i) => hashText(`10.${i >> 8}.${i & 255}.7`))

function homes(balancer: Balancer, accepts: (endpoint: LiveEndpoint) => boolean = () => true): string[] {
  const among = { ...everybody(), accepts }
  return KEYS.map((hash) => balancer.pick({ ...among, hash })!.id)
}

/** The part of the keys that have another home, and the part that moved between two endpoints of both lists. */
function moved(before: readonly string[], after: readonly string[], changed: string): { all: number; others: number } {
  const all = before.filter((home, i) => home !== after[i]).length
  const others = before.filter((home, i) => home !== after[i] && home !== changed && after[i] !== changed).length
  return { all: all / KEYS.length, others: others / KEYS.length }
}

describe.each(['ring-hash', 'maglev', 'rendezvous'] as const)('%s', (name) => {
  const make = BALANCERS[name]
  /** Maglev trades some order for evenness. */
  const disorder = name === 'maglev' ? 0.05 : 0

  it.each([3, 10, 50])('adding or removing one of %i moves about its share, and nothing else', (count) => {
    const endpoints = endpointsOf(Array.from({ length: count }, () => 1))
    const before = homes(make(endpoints))
    const removed = moved(before, homes(make(endpoints).over(endpoints.slice(0, -1))), String(count - 1))
    const added = moved(before, homes(make([...endpoints, endpointOf('new')])), 'new')
    for (const { all, others } of [removed, added]) {
      expect(all).toBeGreaterThan(0.5 / (count + 1))
      expect(all).toBeLessThan(1.6 / count + disorder)
      expect(others).toBeLessThanOrEqual(disorder)
    }
  })

  it('the order of the list does not matter, nor does who made it', () => {
    const endpoints = endpointsOf([1, 2, 1, 3, 1])
    expect(homes(make(endpoints.toReversed(), seeded(9)))).toEqual(homes(make(endpoints)))
  })

  it('keys of an endpoint that is out go to the next of each, and come back', () => {
    const balancer = make(endpointsOf([1, 1, 1, 1, 1]))
    const before = homes(balancer)
    const during = homes(balancer, ({ id }) => id !== '2')
    expect(moved(before, during, '2').others).toBe(0)
    expect(homes(balancer, ({ id }) => id !== '2')).toEqual(during)
    // Not all to one neighbour.
    expect(new Set(during.filter((_, i) => before[i] === '2')).size).toBe(4)
    expect(homes(balancer)).toEqual(before)
  })

  it('[R35] keys do not all meet at the first endpoint', () => {
    const seen = counts(make(endpointsOf(Array.from({ length: 10 }, () => 1))), 5_000)
    expect(seen.size).toBe(10)
    for (const count of seen.values()) expect(count).toBeGreaterThan(250)
  })

  it('a thousand endpoints are all reached, light ones too', () => {
    const endpoints = endpointsOf(Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? 1 : 0.25)))
    expect(counts(make(endpoints), 40_000).size).toBe(1_000)
  })
})

describe('digests', () => {
  it('are spread over all bits, for texts that differ little', () => {
    const bits = Array.from({ length: 32 }, () => 0)
    for (const hash of KEYS) for (let bit = 0; bit < 32; bit++) bits[bit]! += (hash >>> bit) & 1
    for (const ones of bits) expect(Math.abs(ones / KEYS.length - 0.5)).toBeLessThan(0.05)
    expect(new Set(KEYS).size).toBeGreaterThan(KEYS.length - 5)
  })

  it('are the same in every process', () => {
    expect([hashText(''), hashText('10.0.0.7'), hashText('a?b', 1) === hashText('a')]).toMatchInlineSnapshot(`
      [
        2872998923,
        656946226,
        true,
      ]
    `)
  })
})
