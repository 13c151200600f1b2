/** Addresses that are remembered; those that came last. */
const MOST = 10_000

/** A token bucket per name, `perMinute` each; the names that were seen longest ago are forgotten. */
export class Gate {
  readonly #perMinute: number
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: number }>()

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Takes one token: 0, or the seconds until there is one. */
  take(name: string): number {
    const now = Date.now()
    const before = this.#buckets.get(name) ?? { tokens: this.#perMinute, at: now }
    const tokens = Math.min(this.#perMinute, before.tokens + ((now - before.at) * this.#perMinute) / 60_000)
    const isThere = tokens >= 1
    this.#buckets.delete(name)
    this.#buckets.set(name, { tokens: isThere ? tokens - 1 : tokens, at: now })
    if (this.#buckets.size > MOST) this.#buckets.delete(this.#buckets.keys().next().value!)
    return isThere ? 0 : Math.ceil(((1 - tokens) * 60) / this.#perMinute)
  }
}
