/** Changes come in bursts, a rolling deploy as a hundred events: what comes within this time of the first is one set. Milliseconds. */
const SETTLE_MS = 50

/** Tells one reader that something has changed, or that it is over. */
export class Changes {
  #isTouched = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  touch(): void {
    this.#isTouched = true
    this.#wake?.()
  }

  /** What all that comes after rejects with. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#wake?.()
  }

  /** Resolves a moment after the next change, or when `signal` aborts. Rejects at once with what has failed. */
  async next(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#isTouched, signal)
    const settled = performance.now() + SETTLE_MS
    await this.#until(() => performance.now() >= settled, signal, SETTLE_MS)
    this.#isTouched = false
  }

  #until(condition: () => boolean, signal: AbortSignal, ms?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#failure === undefined && !signal.aborted && !condition()) return
        end()
        if (this.#failure === undefined || signal.aborted) resolve()
        else reject(this.#failure)
      }
      // A timer may fire a moment too early by the clock.
      const timer = ms === undefined ? undefined : setTimeout(() => (end(), resolve()), ms)
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', look)
        this.#wake = undefined
      }
      signal.addEventListener('abort', look)
      this.#wake = look
      look()
    })
  }
}
