/** What was delivered already: deliveries come at least once, and what somebody overheard must not count again. */
export class Deliveries {
  readonly #lifetime: number
  readonly #most: number
  /** When each is forgotten; the oldest first, because all live equally long. */
  readonly #known = new Map<string, number>()

  /** `lifetime` in milliseconds. Of more than `most`, the oldest are forgotten: their timestamps have long been refused by then. */
  constructor(lifetime = 3_600_000, most = 20_000) {
    this.#lifetime = lifetime
    this.#most = most
  }

  get size(): number {
    return this.#known.size
  }

  has(id: string, now = Date.now()): boolean {
    return (this.#known.get(id) ?? 0) > now
  }

  add(id: string, now = Date.now()): void {
    this.#known.delete(id)
    this.#known.set(id, now + this.#lifetime)
    for (const [oldest, until] of this.#known) {
      if (until > now && this.#known.size <= this.#most) return
      this.#known.delete(oldest)
    }
  }
}
