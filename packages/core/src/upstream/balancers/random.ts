import { draw, drawAccepted } from './draw.ts'
import { weighted } from './balancer.ts'
import type { Balancer, Random } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** Any accepted endpoint, by weight. Remembers nothing. */
export function randomly(endpoints: readonly LiveEndpoint[], random: Random = Math.random): Balancer {
  const able = weighted(endpoints)
  const next = draw(able, random)
  return {
    pick: (among) => able[drawAccepted(able, next, among, random)],
    over: (others) => randomly(others, random),
  }
}
