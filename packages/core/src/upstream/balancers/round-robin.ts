import type { Balancer } from '../upstream.ts'
import type { Endpoint } from '../endpoint.ts'

/**
 * Weighted round robin, smooth: with weights 5, 1, 1 the heavy endpoint does not get five requests in a row. Equal weights take turns by a
 * counter. An endpoint of weight 0 is never chosen. `start` (0 to 1) spreads the first choice of many gateways over the endpoints.
 */
export function roundRobin(endpoints: readonly Endpoint[], start = Math.random()): Balancer {
  const able = endpoints.filter((endpoint) => endpoint.weight > 0)
  const isEven = able.every((endpoint) => endpoint.weight === able[0]!.weight)
  return isEven ? takeTurns(able, start) : smooth(able)
}

function takeTurns(endpoints: readonly Endpoint[], start: number): Balancer {
  let next = Math.floor(start * endpoints.length)
  return {
    pick(_ctx, accept) {
      const count = endpoints.length
      for (let i = 0; i < count; i++) {
        const at = next + i < count ? next + i : next + i - count
        const endpoint = endpoints[at]!
        if (!accept(endpoint)) continue
        next = at + 1 === count ? 0 : at + 1
        return endpoint
      }
      return undefined
    },
  }
}

function smooth(endpoints: readonly Endpoint[]): Balancer {
  const current = new Float64Array(endpoints.length)
  return {
    pick(_ctx, accept) {
      let total = 0
      let best = -1
      for (let i = 0; i < endpoints.length; i++) {
        const endpoint = endpoints[i]!
        if (!accept(endpoint)) continue
        total += endpoint.weight
        current[i]! += endpoint.weight
        if (best === -1 || current[i]! > current[best]!) best = i
      }
      if (best === -1) return undefined
      current[best]! -= total
      return endpoints[best]
    },
  }
}
