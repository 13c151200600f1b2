interface Memory {
  /** When the last of them is forgotten. */
  until: number
  /** When each is forgotten; the oldest first, because all live equally long. */
  readonly known: Map<string, number>
}

/**
 * What was delivered already: deliveries come at least once, and what somebody overheard must not count again. Each service has a memory of its own: none
 * can have another's deliveries forgotten by sending many. Where there is no more memory for all together, the service that takes most of it gives way.
 */
export class Deliveries {
  readonly #lifetime: number
  readonly #most: number
  readonly #mostInAll: number
  /** The service heard longest ago is the first. */
  readonly #services = new Map<string, Memory>()
  #size = 0

  /**
   * `lifetime` in milliseconds. Of more than `most` of a service, the oldest are forgotten: their timestamps have long been refused by then. Of more
   * than `mostInAll` of all services, the oldest of the one that has most is forgotten.
   */
  constructor(lifetime = 3_600_000, most = 20_000, mostInAll = 200_000) {
    this.#lifetime = lifetime
    this.#most = most
    this.#mostInAll = mostInAll
  }

  get size(): number {
    return this.#size
  }

  has(service: string, id: string, now = Date.now()): boolean {
    return (this.#services.get(service)?.known.get(id) ?? 0) > now
  }

  add(service: string, id: string, now = Date.now()): void {
    const memory = this.#services.get(service) ?? { until: 0, known: new Map<string, number>() }
    const { known } = memory
    memory.until = now + this.#lifetime
    this.#size -= known.size
    known.delete(id)
    known.set(id, memory.until)
    for (const [oldest, until] of known) {
      if (until > now && known.size <= this.#most) break
      known.delete(oldest)
    }
    this.#size += known.size
    this.#services.delete(service)
    this.#services.set(service, memory)
    for (const [silent, { until, known: old }] of this.#services) {
      if (until > now) break
      this.#services.delete(silent)
      this.#size -= old.size
    }
    if (this.#size > this.#mostInAll) this.#forgetOne()
  }

  /** Of equals the one heard longest ago gives way: what was added just now stays. */
  #forgetOne(): void {
    let largest = ''
    let most = new Map<string, number>()
    for (const [service, { known }] of this.#services) if (known.size > most.size) [largest, most] = [service, known]
    const [oldest] = most.keys()
    most.delete(oldest!)
    this.#size--
    if (most.size === 0) this.#services.delete(largest)
  }
}
