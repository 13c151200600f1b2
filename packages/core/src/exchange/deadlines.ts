/** Something with a deadline in monotonic milliseconds; `Infinity` for none. */
export interface Timed {
  deadline: number
  /** Called when the deadline has passed. Sets a new deadline or ends the exchange. */
  expire(now: number): void
  /** Neighbours in the list of what is watched; owned by `Deadlines`. */
  timedNext: Timed | null
  timedPrevious: Timed | null
}

/** How late a deadline may fire. */
const TICK_MS = 25

/**
 * Watches all deadlines of a gateway with one coarse timer. A timer or an abort signal per request costs microseconds; comparing one field a
 * tick costs nanoseconds. The timer runs only while something is watched, so an idle gateway keeps no process alive.
 */
export class Deadlines {
  #first: Timed | null = null
  #timer: ReturnType<typeof setInterval> | null = null

  watch(item: Timed): void {
    item.timedNext = this.#first
    if (this.#first !== null) this.#first.timedPrevious = item
    this.#first = item
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS)
  }

  unwatch(item: Timed): void {
    const { timedNext, timedPrevious } = item
    if (timedPrevious === null && this.#first !== item) return
    if (timedNext !== null) timedNext.timedPrevious = timedPrevious
    if (timedPrevious === null) this.#first = timedNext
    else timedPrevious.timedNext = timedNext
    item.timedNext = null
    item.timedPrevious = null
  }

  /** Everything that is watched now. */
  *[Symbol.iterator](): IterableIterator<Timed> {
    for (let item = this.#first; item !== null;) {
      const next: Timed | null = item.timedNext
      yield item
      item = next
    }
  }

  /** Stops the timer; for a gateway that is disposed. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    if (this.#first === null) {
      // Nothing came in for a whole tick: stop until something does.
      this.stop()
      return
    }
    const now = performance.now()
    let item: Timed | null = this.#first
    while (item !== null) {
      const next: Timed | null = item.timedNext
      if (item.deadline <= now) item.expire(now)
      item = next
    }
  }
}
