import { hashText, mixed } from '../../hash.ts'
import { ranking } from './rendezvous.ts'
import { weighted } from './balancer.ts'
import type { Balancer } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** Points of an endpoint of weight 1. */
const POINTS = 256
/** Points of all endpoints together. */
const MOST_POINTS = 65_536
/** Points of an endpoint on average, where weights are small. */
const FEWEST_POINTS = 64
/** Points looked at from that of the key on. */
const STEPS = 64

/**
 * Consistent hashing on a ring: each endpoint stands at many points, and a key goes to the next point after it. When an endpoint goes, only its keys
 * move, to the next points after theirs. Where too many in a row are not accepted, the ranking of the key decides instead.
 */
export function ringHash(endpoints: readonly LiveEndpoint[]): Balancer {
  const able = weighted(endpoints)
  const rank = ranking(able)
  const { places, owners } = ring(able)
  return {
    pick(among) {
      const first = successor(places, among.hash)
      for (let i = 0; i < STEPS && i < owners.length; i++) {
        const endpoint = able[owners[(first + i) % owners.length]!]!
        if (among.accepts(endpoint)) return endpoint
      }
      return rank(among)
    },
    over: ringHash,
  }
}

interface Ring {
  /** In order. */
  readonly places: Uint32Array
  /** Which endpoint stands there. */
  readonly owners: Uint32Array
}

function ring(endpoints: readonly LiveEndpoint[]): Ring {
  const perUnit = pointsPerUnit(endpoints)
  const counts = endpoints.map(({ weight }) => Math.max(1, Math.round(weight * perUnit)))
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0))
  let to = 0
  for (let i = 0; i < endpoints.length; i++) {
    const seed = hashText(endpoints[i]!.id)
    // Place and owner in one number: typed arrays of numbers are sorted natively.
    for (let k = 0; k < counts[i]!; k++) points[to++] = mixed(seed, k) * OWNERS + i
  }
  points.sort()
  const places = new Uint32Array(points.length)
  const owners = new Uint32Array(points.length)
  for (let i = 0; i < points.length; i++) {
    places[i] = Math.floor(points[i]! / OWNERS)
    owners[i] = points[i]! % OWNERS
  }
  return { places, owners }
}

/** 32 bits for the place leave 20 for the owner. */
const OWNERS = 2 ** 20

/** A power of two: that of an endpoint must not depend on the others, or all points would move with one of them. */
function pointsPerUnit(endpoints: readonly LiveEndpoint[]): number {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0)
  let perUnit = POINTS
  while (perUnit * total > MOST_POINTS) perUnit /= 2
  while (perUnit * total < FEWEST_POINTS * endpoints.length && perUnit * total * 2 <= MOST_POINTS) perUnit *= 2
  return perUnit
}

/** The position of the first place at or after a digest, around the ring. */
function successor(places: Uint32Array, hash: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (places[middle]! < hash) low = middle + 1
    else high = middle
  }
  return low === places.length ? 0 : low
}
