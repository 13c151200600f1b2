import { EndpointState } from '../endpoint-state.ts'
import { mix } from '../../hash.ts'
import type { Balancer, Candidates, Random } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** Endpoints named by their place, with these weights. */
export function endpointsOf(weights: readonly number[], prefix = ''): LiveEndpoint[] {
  return weights.map((weight, i) => endpointOf(`${prefix}${i}`, { weight }))
}

export function endpointOf(id: string, more: Partial<LiveEndpoint> = {}): LiveEndpoint {
  return { id, origin: `http://${id}.test`, weight: 1, labels: {}, state: new EndpointState(), ...more }
}

/** Random numbers that are the same in every run. */
export function seeded(seed = 1): Random {
  let state = seed
  return () => mix((state = (state + 0x9e3779b9) | 0)) / 2 ** 32
}

/** Everybody, at one moment, with a key that a test changes. */
export function everybody(): Candidates & { now: number; hash: number } {
  return { now: 0, hash: 0, accepts: () => true }
}

/** Who is picked how often for so many keys, by id. */
export function counts(balancer: Balancer, picks: number, accepts: (endpoint: LiveEndpoint) => boolean = () => true): Map<string, number> {
  const seen = new Map<string, number>()
  const random = seeded(7)
  const among = { now: 0, hash: 0, accepts }
  for (let i = 0; i < picks; i++) {
    among.hash = Math.floor(random() * 2 ** 32)
    const picked = balancer.pick(among)
    if (picked !== undefined) seen.set(picked.id, (seen.get(picked.id) ?? 0) + 1)
  }
  return seen
}
