/** A value that changes, for any number of readers. A slow reader misses what was replaced meanwhile and always gets the newest. */
export class Latest<T> {
  #value: T | undefined
  #version = 0
  #wake = new Set<() => void>()

  get value(): T | undefined {
    return this.#value
  }

  set(value: T): void {
    this.#value = value
    this.#version += 1
    const waiting = this.#wake
    this.#wake = new Set()
    for (const wake of waiting) wake()
  }

  /** The value at once when there is one, then every change, until `signal` aborts. */
  async *values(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let seen = 0
    while (!signal.aborted) {
      if (this.#version === seen) {
        await this.#changed(signal)
        continue
      }
      seen = this.#version
      yield this.#value as T
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#wake.delete(wake)
        resolve()
      }
      this.#wake.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}
