/** How one key stands after a request. */
export interface Verdict {
  readonly isAllowed: boolean
  /** Whole units that are left. */
  readonly remaining: number
  /** Milliseconds until the bucket is full again. */
  readonly resetMs: number
  /** Milliseconds until the same request would be allowed; 0 when it was. */
  readonly retryMs: number
}

/** How many keys are remembered. */
const MAX_KEYS = 100_000
/** Sums of floating-point numbers miss by a little; a request is not refused for a thousandth of itself. */
const TOLERANCE = 1e-3

/**
 * Token buckets by the generic cell rate algorithm: one number for each key, the time at which its bucket will be full again. Keys come from
 * clients, so their number is bounded: they are kept in two generations, of which the older one is forgotten when the younger is half of all.
 * A key in use is carried over; one whose bucket is full has nothing to forget.
 */
export class Buckets {
  /** Milliseconds in which one unit comes back. */
  readonly #interval: number
  /** Milliseconds in which an empty bucket fills. */
  readonly #capacity: number
  readonly #half: number
  #young = new Map<string, number>()
  #old = new Map<string, number>()

  constructor(limit: { readonly rate: number; readonly perMs: number; readonly burst: number }, maxKeys = MAX_KEYS) {
    this.#interval = limit.perMs / limit.rate
    this.#capacity = this.#interval * limit.burst
    this.#half = Math.ceil(maxKeys / 2)
  }

  /** Keys remembered now. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Takes `cost` units out of the bucket of a key, or none when that is more than is left. `now` in monotonic milliseconds. */
  take(key: string, cost: number, now: number): Verdict {
    const known = this.#young.get(key) ?? this.#old.get(key) ?? 0
    const full = Math.max(known, now) + this.#interval * cost
    const wait = full - this.#capacity - now
    if (wait > this.#interval * TOLERANCE) {
      // Also a refused key is in use: forgotten, it would start afresh.
      this.#put(key, known)
      return this.#verdict(false, Math.max(known, now) - now, wait)
    }
    this.#put(key, full)
    return this.#verdict(true, full - now, 0)
  }

  #verdict(isAllowed: boolean, resetMs: number, retryMs: number): Verdict {
    const remaining = Math.max(0, Math.floor((this.#capacity - resetMs) / this.#interval + TOLERANCE))
    return { isAllowed, remaining, resetMs, retryMs }
  }

  #put(key: string, full: number): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, full)
  }
}
