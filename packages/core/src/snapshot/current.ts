import type { Snapshot } from './snapshot.ts'

/** A snapshot in use. Every request holds the generation it was matched in until its last byte. */
export class Generation {
  /** Replaced only by one with the same routes: reports of sources change more often than routes. */
  snapshot: Snapshot
  #leases = 0
  #isRetired = false
  #onDrained: () => void

  constructor(snapshot: Snapshot, onDrained: () => void) {
    this.snapshot = snapshot
    this.#onDrained = onDrained
  }

  get leases(): number {
    return this.#leases
  }

  acquire(): this {
    this.#leases += 1
    return this
  }

  release(): void {
    this.#leases -= 1
    if (this.#isRetired && this.#leases === 0) this.#drained()
  }

  /** No new request will hold it. What it used is let go when the last one is done. */
  retire(): void {
    this.#isRetired = true
    if (this.#leases === 0) this.#drained()
  }

  #drained(): void {
    const onDrained = this.#onDrained
    this.#onDrained = () => {}
    onDrained()
  }
}

/** The generation that new requests get: one assignment, one tick, no window without routes. */
export class Current {
  #generation: Generation
  #retired = new Set<Generation>()

  constructor(first: Generation) {
    this.#generation = first
  }

  get generation(): Generation {
    return this.#generation
  }

  /** Requests under way, of all generations. */
  get leases(): number {
    let leases = this.#generation.leases
    for (const generation of this.#retired) leases += generation.leases
    return leases
  }

  acquire(): Generation {
    return this.#generation.acquire()
  }

  swap(next: Generation): void {
    const before = this.#generation
    this.#generation = next
    for (const generation of this.#retired) if (generation.leases === 0) this.#retired.delete(generation)
    this.#retired.add(before)
    before.retire()
    if (before.leases === 0) this.#retired.delete(before)
  }
}
