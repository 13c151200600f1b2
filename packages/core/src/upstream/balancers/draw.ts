import { isEven } from './balancer.ts'
import type { Candidates, Random } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** Draws positions in a list by the weights there, none of which is 0. */
export type Draw = () => number

/** Constant time for any number of weights (Walker's alias method). */
export function draw(endpoints: readonly LiveEndpoint[], random: Random): Draw {
  const count = endpoints.length
  if (isEven(endpoints)) return () => Math.floor(random() * count)
  const { keep, other } = aliases(endpoints)
  return () => {
    const at = random() * count
    const slot = Math.floor(at)
    return at - slot < keep[slot]! ? slot : other[slot]!
  }
}

function aliases(endpoints: readonly LiveEndpoint[]): { readonly keep: Float64Array; readonly other: Uint32Array } {
  const count = endpoints.length
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0)
  const keep = Float64Array.from(endpoints, ({ weight }) => (weight / total) * count)
  const other = Uint32Array.from({ length: count }, (_, slot) => slot)
  const poor: number[] = []
  const rich: number[] = []
  keep.forEach((share, slot) => (share < 1 ? poor : rich).push(slot))
  while (poor.length > 0 && rich.length > 0) {
    const slot = poor.pop()!
    const giver = rich.at(-1)!
    other[slot] = giver
    keep[giver]! -= 1 - keep[slot]!
    if (keep[giver]! < 1) poor.push(rich.pop()!)
  }
  // What is left over by rounding keeps its slot.
  for (const slot of poor) keep[slot] = 1
  return { keep, other }
}

/** Draws that may miss before all endpoints are looked at. */
const TRIES = 4

/** The position of one that is accepted, by weight; -1 when there is none. A draw that misses is thrown away, which changes no odds. */
export function drawAccepted(endpoints: readonly LiveEndpoint[], next: Draw, among: Candidates, random: Random): number {
  for (let i = 0; i < TRIES; i++) {
    const at = next()
    const endpoint = endpoints[at]
    if (endpoint !== undefined && among.accepts(endpoint)) return at
  }
  return scan(endpoints, among, random, -1)
}

/** The position of an accepted one other than `except`, by weight, in one pass; -1 when there is none. */
export function scan(endpoints: readonly LiveEndpoint[], among: Candidates, random: Random, except: number): number {
  let total = 0
  let found = -1
  for (let i = 0; i < endpoints.length; i++) {
    if (i === except || !among.accepts(endpoints[i]!)) continue
    const { weight } = endpoints[i]!
    total += weight
    if (found === -1 || random() * total < weight) found = i
  }
  return found
}
