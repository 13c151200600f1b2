import { isEven, weighted } from './balancer.ts'
import type { Balancer, Candidates, Random } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/**
 * Weighted round robin, smooth: with weights 5, 1, 1 the heavy endpoint does not get five requests in a row. Equal weights take turns by a
 * counter that begins anywhere, so that many gateways do not all begin at the same endpoint.
 */
export function roundRobin(endpoints: readonly LiveEndpoint[], random: Random = Math.random): Balancer {
  const able = weighted(endpoints)
  return isEven(able) ? new Turns(able, Math.floor(random() * able.length), random) : new Smooth(able, new Map(), random)
}

class Turns implements Balancer {
  readonly #endpoints: readonly LiveEndpoint[]
  readonly #random: Random
  #next: number

  constructor(endpoints: readonly LiveEndpoint[], next: number, random: Random) {
    this.#endpoints = endpoints
    this.#next = next
    this.#random = random
  }

  pick(among: Candidates): LiveEndpoint | undefined {
    const endpoints = this.#endpoints
    const count = endpoints.length
    for (let i = 0; i < count; i++) {
      const at = this.#next + i < count ? this.#next + i : this.#next + i - count
      const endpoint = endpoints[at]!
      if (!among.accepts(endpoint)) continue
      this.#next = at + 1 === count ? 0 : at + 1
      return endpoint
    }
    return undefined
  }

  over(endpoints: readonly LiveEndpoint[]): Balancer {
    const able = weighted(endpoints)
    if (!isEven(able)) return roundRobin(endpoints, this.#random)
    const places = new Map(able.map(({ id }, place) => [id, place]))
    const count = this.#endpoints.length
    for (let i = 0; i < count; i++) {
      const place = places.get(this.#endpoints[(this.#next + i) % count]!.id)
      if (place !== undefined) return new Turns(able, place, this.#random)
    }
    return roundRobin(endpoints, this.#random)
  }
}

class Smooth implements Balancer {
  readonly #endpoints: readonly LiveEndpoint[]
  readonly #weights: Float64Array
  readonly #current: Float64Array
  readonly #random: Random

  constructor(endpoints: readonly LiveEndpoint[], known: ReadonlyMap<string, number>, random: Random) {
    this.#endpoints = endpoints
    this.#weights = Float64Array.from(endpoints, ({ weight }) => weight)
    this.#current = Float64Array.from(endpoints, ({ id }) => known.get(id) ?? 0)
    this.#random = random
  }

  pick(among: Candidates): LiveEndpoint | undefined {
    const current = this.#current
    const weights = this.#weights
    const endpoints = this.#endpoints
    let total = 0
    let best = -1
    let most = -Infinity
    for (let i = 0; i < endpoints.length; i++) {
      if (!among.accepts(endpoints[i]!)) continue
      const weight = weights[i]!
      const turn = current[i]! + weight
      total += weight
      current[i] = turn
      if (turn > most) {
        most = turn
        best = i
      }
    }
    if (best === -1) return undefined
    current[best]! -= total
    return endpoints[best]
  }

  over(endpoints: readonly LiveEndpoint[]): Balancer {
    const able = weighted(endpoints)
    if (isEven(able)) return roundRobin(endpoints, this.#random)
    return new Smooth(able, new Map(this.#endpoints.map(({ id }, i) => [id, this.#current[i]!])), this.#random)
  }
}
