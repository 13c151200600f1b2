import { isDeepStrictEqual } from 'node:util'
import type { Gateway, RouteSet } from '@octopus-gateway/core'
import type { SupplyState, ToWorker } from './messages.ts'

/** Workers need neither documents nor what is only shown. */
type Sent = Pick<RouteSet, 'service' | 'serviceVersion' | 'version' | 'routes' | 'upstreams'>

interface Numbered {
  readonly number: number
  readonly original: RouteSet
  readonly sent: Sent
}

/** What the workers of a gateway have to know of its sources and providers, and who of them knows what. */
export class Broadcast {
  readonly #gateway: Gateway
  /** By source and service. */
  #known = new Map<string, Numbered>()
  #last = 0
  #state: SupplyState = { services: [], sources: [], isSynced: false }

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** Looks again; returns whether anything is new. */
  refresh(): boolean {
    const { snapshot, services, isSynced } = this.#gateway
    const known = new Map<string, Numbered>()
    const sources = [...snapshot.sets].map(([source, sets]) => {
      const numbers = sets.map((set) => {
        const key = JSON.stringify([source, set.service])
        const one = this.#numbered(this.#known.get(key), set)
        known.set(key, one)
        return [set.service, one.number] as const
      })
      return [source, numbers] as const
    })
    this.#known = known
    const state: SupplyState = { services, sources, isSynced }
    if (isDeepStrictEqual(state, this.#state)) return false
    this.#state = state
    return true
  }

  /** The messages for somebody who has these numbers; they have the rest afterwards. Only sets that changed are among them. */
  messagesFor(has: Set<number>): ToWorker[] {
    const messages: ToWorker[] = []
    const current = new Set<number>()
    for (const { number, sent } of this.#known.values()) {
      current.add(number)
      if (!has.has(number)) messages.push({ kind: 'set', number, set: sent })
    }
    has.clear()
    for (const number of current) has.add(number)
    messages.push({ kind: 'state', state: this.#state })
    return messages
  }

  #numbered(before: Numbered | undefined, set: RouteSet): Numbered {
    if (before?.original === set) return before
    const { service, serviceVersion, version, routes, upstreams } = set
    const isSame = before !== undefined && before.sent.version === version && isDeepStrictEqual(before.sent.upstreams, upstreams)
    if (isSame) return { ...before, original: set }
    const sent = { service, ...(serviceVersion === undefined ? {} : { serviceVersion }), version, routes, upstreams }
    return { number: ++this.#last, original: set, sent }
  }
}
