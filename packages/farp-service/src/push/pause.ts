import { clearTimeout, setTimeout } from 'node:timers'

/** A wait that can be cut short, and that keeps no process alive. */
export class Pause {
  #end: (() => void) | undefined
  #isCut = false

  /** Resolves after `ms`, or at once when `cut` was called since the last wait began. */
  wait(ms: number): Promise<void> {
    if (this.#isCut) {
      this.#isCut = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end?.(), ms)
      timer.unref()
      this.#end = () => {
        clearTimeout(timer)
        this.#end = undefined
        resolve()
      }
    })
  }

  cut(): void {
    if (this.#end === undefined) this.#isCut = true
    else this.#end()
  }
}
