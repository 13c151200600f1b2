import { scopeOf } from './scope.ts'
import { sleep } from '@octopus-gateway/core'

/** Changes come in bursts, a rolling deploy as a hundred of them: what comes within this time of the first is one set. Milliseconds. */
const SETTLE_MS = 50

/** Tells one reader that something has changed, also when it comes later, or that it is over. */
export class News {
  #isFresh = false
  #failure: { readonly reason: unknown } | undefined
  #woken = new AbortController()

  /** Something has changed. */
  touch(): void {
    this.#isFresh = true
    this.#woken.abort()
  }

  /** Nothing comes any more. What has changed before is told before that. */
  fail(reason: unknown): void {
    this.#failure ??= { reason }
    this.#woken.abort()
  }

  /** Resolves a moment after the next change, after `within` milliseconds without one, or when `signal` aborts. Rejects with what it has failed with. */
  async next(signal: AbortSignal, within = Infinity): Promise<void> {
    if (!this.#isFresh && this.#failure === undefined) {
      this.#woken = new AbortController()
      using waiting = scopeOf(this.#woken.signal, signal)
      await sleep(within, waiting.signal)
    }
    if (this.#isFresh) await sleep(SETTLE_MS, signal)
    else if (this.#failure !== undefined && !signal.aborted) throw this.#failure.reason
    this.#isFresh = false
  }
}
