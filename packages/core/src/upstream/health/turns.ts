/** Lets a number of works run at a time; the others wait in the order they came. */
export class Turns {
  readonly #most: number
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0

  constructor(most: number) {
    this.#most = most
  }

  /** `work` never rejects. */
  take(work: () => Promise<void>): void {
    if (this.#running >= this.#most) {
      this.#waiting.push(work)
      return
    }
    this.#running += 1
    void work().finally(() => {
      this.#running -= 1
      const next = this.#waiting.shift()
      if (next !== undefined) this.take(next)
    })
  }
}
