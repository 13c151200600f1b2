/** How much of one thing a connection may do: so many at once, and so many a second. */
interface Allowance {
  readonly burst: number
  readonly perSecond: number
}

/** A bucket of tokens that fills with time. */
export class Bucket {
  readonly #allowance: Allowance
  #tokens: number
  #at: number

  constructor(allowance: Allowance, now: number) {
    this.#allowance = allowance
    this.#tokens = allowance.burst
    this.#at = now
  }

  /** Takes one; `false` when there is none. */
  take(now: number): boolean {
    const { burst, perSecond } = this.#allowance
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/** What costs the server more than the client, by what a client of good will needs of it. */
const ALLOWANCES = {
  /**
   * Streams that end by a reset: CVE-2023-44487, and CVE-2025-8671 where broken frames make the server reset them. A browser that leaves a
   * page resets a hundred. nghttp2 would end the connection at about a thousand, with INTERNAL_ERROR.
   */
  reset: { burst: 500, perSecond: 33 },
  /** CVE-2019-9512. Clients of gRPC measure the bandwidth with pings, one for each round trip while data flows. */
  ping: { burst: 1_000, perSecond: 500 },
  /** CVE-2019-9513. Of streams that are not open; RFC 9113 has done away with them, and clients that still send them need a dozen. */
  priority: { burst: 500, perSecond: 50 },
  /** CVE-2019-9515. */
  settings: { burst: 50, perSecond: 1 },
} as const satisfies Readonly<Record<string, Allowance>>

/** What a flood is made of. */
export type FloodKind = keyof typeof ALLOWANCES

/** Counts what one connection does of each kind. */
export class FloodGuard {
  readonly #buckets = new Map<FloodKind, Bucket>()

  /** Counts one; `false` when it was one too many. */
  allows(kind: FloodKind): boolean {
    const now = performance.now()
    let bucket = this.#buckets.get(kind)
    if (bucket === undefined) this.#buckets.set(kind, (bucket = new Bucket(ALLOWANCES[kind], now)))
    return bucket.take(now)
  }
}
