/** A wait that can be cut short, also before it begins. One at a time. */
export class Pause {
  #end: (() => void) | undefined
  #isEnded = false

  /** Resolves after `ms` (without a number: not by itself), or when `end` is called; at once when it was called while nobody waited. */
  wait(ms?: number): Promise<void> {
    if (this.#isEnded) {
      this.#isEnded = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.end(), Math.min(ms, 2_147_483_647))
      this.#end = () => {
        clearTimeout(timer)
        this.#end = undefined
        resolve()
      }
    })
  }

  end(): void {
    if (this.#end === undefined) this.#isEnded = true
    else this.#end()
  }
}
