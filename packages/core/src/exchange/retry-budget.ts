/** What is looked back on: this many buckets of one second. */
const SECONDS = 10
/** Repetitions that an upstream with few requests may have in that time: ten a second. */
const FLOOR = 10 * SECONDS

/**
 * How many requests of an upstream may be repeated: an upstream that fails under load must not get several times that load. It counts over
 * the last ten seconds, the one that runs included, and outlives every change of the configuration that keeps the upstream.
 */
export class RetryBudget {
  readonly #requests = new Float64Array(SECONDS)
  readonly #repeats = new Float64Array(SECONDS)
  /** The second the current bucket is for. */
  #second = 0

  /** A request begins; `now` in monotonic milliseconds. */
  requested(now: number): void {
    const second = Math.floor(now / 1000)
    if (second > this.#second) this.#turn(second)
    this.#requests[this.#second % SECONDS]! += 1
  }

  /** Whether one is left where `share` of the requests may be repeated; never for a share of 0. */
  has(share: number, now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second > this.#second) this.#turn(second)
    return share > 0 && sum(this.#repeats) < Math.max(FLOOR, share * sum(this.#requests))
  }

  /** Takes one; `false` when none is left. */
  take(share: number, now: number): boolean {
    if (!this.has(share, now)) return false
    this.#repeats[this.#second % SECONDS]! += 1
    return true
  }

  #turn(second: number): void {
    for (let passed = Math.max(this.#second, second - SECONDS) + 1; passed <= second; passed++) {
      this.#requests[passed % SECONDS] = 0
      this.#repeats[passed % SECONDS] = 0
    }
    this.#second = second
  }
}

function sum(buckets: Float64Array): number {
  let total = 0
  for (const count of buckets) total += count
  return total
}
