import { GatewayError } from '../../errors.ts'
import type { ConcurrencyStatus } from '../upstream.ts'
import type { ConcurrencyPolicy } from './concurrency-settings.ts'

/** Somebody who wants to send a request, as far as the limiter needs to know it. */
export interface Guest {
  /** Set while it waits: called when it gives up. */
  waiting: { abort(error: GatewayError): void } | null
  /** Set while it holds a place. */
  place: Limiter | null
}

/** How soon a refused client may come again, in seconds. */
const COME_AGAIN = 1

/** The places of an upstream for requests under way, and the queue for one. Outlives changes of its settings, so that a change forgets nobody. */
export class Limiter {
  /** Requests that hold a place. */
  active = 0
  /** Requests refused because the queue was full, and because their time in it was over. */
  refused = 0
  timedOut = 0
  #policy: ConcurrencyPolicy | null = null
  #first: Waiting | null = null
  #last: Waiting | null = null
  #queued = 0
  #timer: ReturnType<typeof setTimeout> | null = null

  /** Requests that wait. */
  get queued(): number {
    return this.#queued
  }

  get max(): number {
    return this.#policy?.max ?? Infinity
  }

  get status(): ConcurrencyStatus {
    const { max, active, queued, refused, timedOut } = this
    return { max, active, queued, refused, timedOut }
  }

  /** New settings hold at once: for those who wait as well. */
  configure(policy: ConcurrencyPolicy | null): void {
    this.#policy = policy
    this.#admit()
    this.#watch()
  }

  /** A place at once: `null`; whoever waits gets every place that becomes free before anybody new asks. Otherwise a promise of one, which rejects when the guest gives up or is refused with `OVERLOADED`. */
  enter(guest: Guest): Promise<void> | null {
    if (guest.place !== null) return null
    if (this.active < this.max) {
      this.#place(guest)
      return null
    }
    const { queue, queueTimeout } = this.#policy ?? { queue: 0, queueTimeout: 0 }
    if (this.#queued >= queue) {
      this.refused += 1
      return Promise.reject(overloaded('the queue is full'))
    }
    return new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { guest, until: performance.now() + queueTimeout, next: null, previous: this.#last, resolve, reject }
      guest.waiting = { abort: (error) => this.#giveUp(waiting, error) }
      if (this.#last === null) this.#first = waiting
      else this.#last.next = waiting
      this.#last = waiting
      this.#queued += 1
      this.#watch()
    })
  }

  /** A request is over. Only the first call for a guest counts. */
  leave(guest: Guest): void {
    if (guest.place !== this) return
    guest.place = null
    this.active -= 1
    if (this.#queued > 0) this.#admit()
  }

  #place(guest: Guest): void {
    guest.place = this
    this.active += 1
  }

  #admit(): void {
    while (this.#first !== null && this.active < this.max) {
      const { guest, resolve } = this.#first
      this.#remove(this.#first)
      this.#place(guest)
      resolve()
    }
  }

  #giveUp(waiting: Waiting, error: GatewayError): void {
    this.#remove(waiting)
    waiting.reject(error)
  }

  #remove(waiting: Waiting): void {
    const { next, previous, guest } = waiting
    guest.waiting = null
    if (previous === null) this.#first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    this.#queued -= 1
    this.#watch()
  }

  /** One timer for all: whoever came first has waited longest. */
  #watch(): void {
    if (this.#first === null) {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
      return
    }
    this.#timer ??= setTimeout(
      () => {
        this.#timer = null
        this.#expire(performance.now())
      },
      Math.max(1, this.#first.until - performance.now()),
    )
  }

  #expire(now: number): void {
    while (this.#first !== null && this.#first.until <= now) {
      this.timedOut += 1
      this.#giveUp(this.#first, overloaded('no place became free in time'))
    }
    this.#watch()
  }
}

interface Waiting {
  readonly guest: Guest
  readonly until: number
  next: Waiting | null
  previous: Waiting | null
  readonly resolve: () => void
  readonly reject: (error: GatewayError) => void
}

function overloaded(why: string): GatewayError {
  return new GatewayError('OVERLOADED', `The upstream has as many requests as it may have: ${why}.`).comeAgainIn(COME_AGAIN)
}
