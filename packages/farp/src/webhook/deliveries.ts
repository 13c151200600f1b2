interface Memory {
  /** When the last of them is forgotten. */
  until: number
  /** When each is forgotten; the oldest first, because all live equally long. */
  readonly known: Map<string, number>
}

/**
 * What was delivered already: deliveries come at least once, and what somebody overheard must not count again. Each service has a memory of its own: none
 * can have another's deliveries forgotten by sending many.
 */
export class Deliveries {
  readonly #lifetime: number
  readonly #most: number
  /** The service heard longest ago is the first. */
  readonly #services = new Map<string, Memory>()

  /** `lifetime` in milliseconds. Of more than `most` of a service, the oldest are forgotten: their timestamps have long been refused by then. */
  constructor(lifetime = 3_600_000, most = 20_000) {
    this.#lifetime = lifetime
    this.#most = most
  }

  get size(): number {
    let size = 0
    for (const { known } of this.#services.values()) size += known.size
    return size
  }

  has(service: string, id: string, now = Date.now()): boolean {
    return (this.#services.get(service)?.known.get(id) ?? 0) > now
  }

  add(service: string, id: string, now = Date.now()): void {
    const memory = this.#services.get(service) ?? { until: 0, known: new Map<string, number>() }
    const { known } = memory
    memory.until = now + this.#lifetime
    known.delete(id)
    known.set(id, memory.until)
    for (const [oldest, until] of known) {
      if (until > now && known.size <= this.#most) break
      known.delete(oldest)
    }
    this.#services.delete(service)
    this.#services.set(service, memory)
    for (const [silent, { until }] of this.#services) {
      if (until > now) return
      this.#services.delete(silent)
    }
  }
}
