/** A token bucket per service: how many changes of known instances are taken over per minute. */
export class FloodGate {
  readonly #perMinute: number
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Takes one token; `false` when the service has none left. */
  admit(service: string): boolean {
    const now = Date.now()
    const bucket = this.#buckets.get(service) ?? { tokens: this.#perMinute, at: now }
    const tokens = Math.min(this.#perMinute, bucket.tokens + ((now - bucket.at) * this.#perMinute) / 60_000)
    const isAdmitted = tokens >= 1
    this.#buckets.set(service, { tokens: isAdmitted ? tokens - 1 : tokens, at: now })
    return isAdmitted
  }

  /** Forgets a service that is gone. */
  forget(service: string): void {
    this.#buckets.delete(service)
  }
}
