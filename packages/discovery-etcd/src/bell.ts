/** Tells one listener that something has happened, also when it comes later. */
export class Bell {
  #isRung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Resolves when it has rung since the last time, or when `signal` aborts. */
  async next(signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', this.#onAbort, { once: true })
      })
      signal.removeEventListener('abort', this.#onAbort)
      this.#wake = null
    }
    this.#isRung = false
  }

  readonly #onAbort = (): void => this.#wake?.()
}
