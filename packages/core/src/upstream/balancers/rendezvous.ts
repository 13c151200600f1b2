import { hashText, mixed, shareOf } from '../../hash.ts'
import { isEven, weighted } from './balancer.ts'
import type { Balancer, Candidates } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** The accepted endpoint that ranks highest for what is hashed. */
export type Ranking = (among: Candidates) => LiveEndpoint | undefined

/**
 * Rendezvous hashing: every endpoint has a score for every key, and the highest wins. When one goes, only its keys move, each to the next of
 * its own ranking; weights count exactly. It looks at every endpoint, which is slow for many hundreds.
 */
export function rendezvous(endpoints: readonly LiveEndpoint[]): Balancer {
  return { pick: ranking(weighted(endpoints)), over: rendezvous }
}

/** A ranking of these endpoints, all of which have a weight. */
export function ranking(endpoints: readonly LiveEndpoint[]): Ranking {
  const seeds = Uint32Array.from(endpoints, ({ id }) => hashText(id))
  const even = isEven(endpoints)
  return (among) => {
    let best: LiveEndpoint | undefined
    let highest = -Infinity
    for (let i = 0; i < endpoints.length; i++) {
      const hash = mixed(seeds[i]!, among.hash)
      // The logarithm makes shares follow the weights: -w/ln(u) of uniform u is highest with odds in proportion to w.
      const score = even ? hash : -endpoints[i]!.weight / Math.log(shareOf(hash))
      if (score > highest && among.accepts(endpoints[i]!)) {
        highest = score
        best = endpoints[i]
      }
    }
    return best
  }
}
