/** Lets so many in at a time; the others wait in the order in which they came. */
export class Places {
  #free: number
  readonly #queue: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** A place, until it is disposed of. */
  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#queue.push(resolve))
    return {
      [Symbol.dispose]: () => {
        const next = this.#queue.shift()
        if (next === undefined) this.#free += 1
        else next()
      },
    }
  }
}
