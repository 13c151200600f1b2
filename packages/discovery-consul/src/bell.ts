import { sleep } from '@octopus-gateway/core'

/** Tells that something has happened, also to those who come later. */
export class Bell {
  #rings = 0
  readonly #waiting = new Set<() => void>()

  get rings(): number {
    return this.#rings
  }

  ring(): void {
    this.#rings += 1
    for (const wake of this.#waiting) wake()
  }

  /** Resolves when it has rung more than `seen` times, after `ms`, or when `signal` aborts. */
  async next(seen: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rings > seen) return
    const rung = new AbortController()
    const wake = (): void => rung.abort()
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake)
    await sleep(ms, signal.aborted ? signal : rung.signal)
    signal.removeEventListener('abort', wake)
    this.#waiting.delete(wake)
  }
}
