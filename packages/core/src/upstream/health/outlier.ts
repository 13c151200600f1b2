import type { OutlierPolicy } from './outlier-settings.ts'

/** An ejection is at most this many times as long as the first. */
const LONGEST_TIMES = 10

/** How one endpoint fares beside the others. Shares are counted over intervals, never over its life. */
export class OutlierRecord {
  /** Failures in a row. */
  row = 0
  /** Ejections that have not been forgiven yet. */
  ejections = 0
  /** Until when it gets no requests. 0 when it is not out. */
  ejectedUntil = 0
  /** Whether its return has not been noticed yet. */
  isOut = false
  #windowEnd = 0
  #requests = 0
  #failures = 0

  good(now: number, policy: OutlierPolicy): void {
    this.row = 0
    if (policy.failureRate !== null) this.#count(now, policy, 0)
  }

  /** Counts a failure; why the endpoint should be out, or `null`. */
  bad(now: number, policy: OutlierPolicy): string | null {
    // What fails while it is out was sent before.
    if (now < this.ejectedUntil) return null
    this.row += 1
    if (policy.failureRate !== null) this.#count(now, policy, 1)
    if (this.row >= policy.consecutiveFailures) return `${this.row} failures in a row`
    const { failureRate } = policy
    if (failureRate === null || this.#requests < failureRate.minRequests) return null
    const percent = (this.#failures * 100) / this.#requests
    return percent >= failureRate.threshold ? `${Math.round(percent)}% of ${this.#requests} requests failed` : null
  }

  /** Out it goes, longer with each time; every interval without an ejection takes one time off. */
  eject(now: number, policy: OutlierPolicy): void {
    const quiet = this.ejections === 0 ? 0 : Math.floor((now - this.ejectedUntil) / policy.interval)
    this.ejections = Math.min(LONGEST_TIMES, Math.max(0, this.ejections - quiet) + 1)
    this.ejectedUntil = now + policy.baseEjection * this.ejections
    this.isOut = true
    this.#begin(now + policy.interval)
    this.row = 0
  }

  #count(now: number, { interval }: OutlierPolicy, failures: number): void {
    if (now >= this.#windowEnd) this.#begin(now + interval)
    this.#requests += 1
    this.#failures += failures
  }

  #begin(windowEnd: number): void {
    this.#windowEnd = windowEnd
    this.#requests = 0
    this.#failures = 0
  }
}

/** How many of these endpoints may be out at a time: one in any case, never all. */
export function mostEjected(endpoints: number, { maxEjected }: OutlierPolicy): number {
  return Math.min(endpoints - 1, Math.max(1, Math.floor((endpoints * maxEjected) / 100)))
}
