import { FetchError } from './fetcher.ts'

/** Milliseconds of the longest pause. */
const LONGEST_MS = 60_000
/** Places that are remembered; of more the oldest is forgotten. */
const MOST = 4_096

interface Open {
  readonly failures: number
  /** By the clock that only goes forward. */
  readonly until: number
}

/**
 * Remembers which places did not answer in time: each is asked again after a pause that doubles. Every silent place costs a turn for the whole time
 * that a fetch may take, and there are few turns.
 */
export class Circuits {
  readonly #firstMs: number
  readonly #open = new Map<string, Open>()

  /** `firstMs` is the pause after the first time. */
  constructor(firstMs: number) {
    this.#firstMs = firstMs
  }

  /** Runs `work` for a place, or rejects at once while the place has its pause. Work that `signal` ended says nothing of the place. */
  async run<T>(place: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#open.get(place)
    // Always the same words: findings are compared.
    if (before !== undefined && before.until > performance.now())
      throw new FetchError('timeout', 'it did not answer in time, and is not asked again yet')
    try {
      const result = await work()
      this.#open.delete(place)
      return result
    } catch (thrown) {
      if (!(thrown instanceof FetchError) || thrown.kind !== 'timeout') this.#open.delete(place)
      else if (!signal.aborted) this.#silent(place, (before?.failures ?? 0) + 1)
      throw thrown
    }
  }

  #silent(place: string, failures: number): void {
    const pause = Math.min(this.#firstMs * 2 ** (failures - 1), LONGEST_MS)
    this.#open.delete(place)
    this.#open.set(place, { failures, until: performance.now() + pause })
    if (this.#open.size > MOST) this.#open.delete(this.#open.keys().next().value!)
  }
}
