import type { Transport } from '@octopus-gateway/core'

/** How long it is believed that an endpoint speaks HTTP/1.1 only: it may be replaced by a newer one under the same address. */
const BELIEVED_MS = 300_000
/** Origins remembered for one transport. */
const MOST_ORIGINS = 10_000

/** Which origins TLS agreed on HTTP/1.1 with, though HTTP/2 was offered. */
export class Agreements {
  readonly #until = new WeakMap<Transport, Map<string, number>>()

  /** Whether to speak HTTP/1.1 without asking. */
  isHttp1(transport: Transport, origin: string): boolean {
    const until = this.#until.get(transport)?.get(origin)
    return until !== undefined && performance.now() < until
  }

  http1(transport: Transport, origin: string): void {
    let origins = this.#until.get(transport)
    if (origins === undefined) this.#until.set(transport, (origins = new Map()))
    // In the order of the last agreement, so that the oldest goes first.
    origins.delete(origin)
    origins.set(origin, performance.now() + BELIEVED_MS)
    if (origins.size > MOST_ORIGINS) origins.delete(origins.keys().next().value!)
  }
}
