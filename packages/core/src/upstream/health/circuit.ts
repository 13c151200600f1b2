import type { BreakerPolicy } from './breaker-settings.ts'

/** `half-open`: the pause is over, and what tries the endpoint next decides. */
export type CircuitState = 'closed' | 'half-open' | 'open'

/** Why a circuit is not closed: connections cannot be made, or requests fail. */
export type Outage = 'unreachable' | 'failing'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/** A request that was let through a circuit that is not closed. */
export class Trial {
  /** Which opening it tries; after the next one its outcome says nothing. */
  readonly opening: number
  /** Whether it holds one of the places of a half-open circuit. */
  hasPlace: boolean

  constructor(opening: number, hasPlace: boolean) {
    this.opening = opening
    this.hasPlace = hasPlace
  }
}

/**
 * The circuit of one endpoint. It opens at once when a connection cannot be made, for 1 s, doubling to 30 s; and after a number of failures
 * in a row of requests that were sent, for a fixed time. After its pause a few requests try the endpoint: a success closes the circuit, a
 * failure opens it again. Methods that change its state return whether they did.
 */
export class Circuit {
  /** Failed requests in a row; connections that could not be made do not count. */
  failures = 0
  /** Answers in a row that broke off. */
  cuts = 0
  /** Connections in a row that could not be made. */
  refusals = 0
  /** `null` when closed. */
  outage: Outage | null = null
  #until = 0
  #opening = 0
  #trials = 0
  #places = 1

  /** Whether a request may be sent now. */
  accepts(now: number): boolean {
    return this.outage === null || (now >= this.#until && this.#trials < this.#places)
  }

  /** Milliseconds until it may be tried again; 0 when it may be. */
  pause(now: number): number {
    return this.outage === null ? 0 : Math.max(0, this.#until - now)
  }

  state(now: number): CircuitState {
    if (this.outage === null) return 'closed'
    return now >= this.#until ? 'half-open' : 'open'
  }

  /** A request is about to be sent; `null` when nothing depends on it. Every trial is given back. */
  begin(now: number): Trial | null {
    if (this.outage === null) return null
    const hasPlace = this.accepts(now)
    if (hasPlace) this.#trials += 1
    return new Trial(this.#opening, hasPlace)
  }

  /** A trial is over, whatever came of it. */
  giveBack(trial: Trial): void {
    if (!trial.hasPlace) return
    trial.hasPlace = false
    if (trial.opening === this.#opening) this.#trials -= 1
  }

  /** A good answer began. */
  succeeded(trial: Trial | null): boolean {
    // Requests from before the opening say nothing of how the endpoint fares now, but whoever answers is there.
    if (this.outage === 'failing' && !this.#isOfThisOpening(trial)) return false
    this.failures = 0
    return this.#close()
  }

  /** A request failed after it may have been sent, or was answered with a failure. */
  failed(now: number, trial: Trial | null, policy: BreakerPolicy): boolean {
    if (this.outage === 'failing') {
      if (!this.#isOfThisOpening(trial)) return false
      this.#open('failing', now + policy.timeout, policy)
      return true
    }
    if (this.outage === 'unreachable' && !this.#isOfThisOpening(trial)) return false
    this.failures += 1
    if (this.failures < policy.failureThreshold) return this.#close()
    this.#open('failing', now + policy.timeout, policy)
    return true
  }

  /** A connection could not be made. What fails during a pause says nothing new. */
  unreachable(now: number, trial: Trial | null, policy: BreakerPolicy): boolean {
    if (this.outage === 'failing') return this.failed(now, trial, policy)
    if (this.outage === 'unreachable' && now < this.#until) return false
    this.#open('unreachable', now + Math.min(FIRST_PAUSE_MS * 2 ** this.refusals, LONGEST_PAUSE_MS), policy)
    this.refusals += 1
    return true
  }

  /** An answer that had begun broke off. */
  cut(now: number, policy: BreakerPolicy): boolean {
    if (this.outage !== null) return false
    this.cuts += 1
    if (this.cuts < policy.failureThreshold) return false
    this.#open('failing', now + policy.timeout, policy)
    return true
  }

  /** An answer came to its end. */
  completed(): void {
    this.cuts = 0
  }

  #isOfThisOpening(trial: Trial | null): boolean {
    return trial !== null && trial.opening === this.#opening
  }

  #open(outage: Outage, until: number, { halfOpenRequests }: BreakerPolicy): void {
    this.outage = outage
    this.#until = until
    this.#places = halfOpenRequests
    this.#begins()
  }

  #close(): boolean {
    if (this.outage === null) return false
    this.outage = null
    this.#until = 0
    this.refusals = 0
    this.cuts = 0
    this.#begins()
    return true
  }

  #begins(): void {
    this.#opening += 1
    this.#trials = 0
  }
}
