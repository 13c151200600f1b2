interface Waiting {
  readonly lane: string
  readonly start: () => void
}

/** Lets at most `total` pieces of work run at once, and at most `perLane` of one lane; the rest wait in order. */
export class Turns {
  readonly #total: number
  readonly #perLane: number
  readonly #running = new Map<string, number>()
  #waiting: Waiting[] = []
  #active = 0

  constructor(total: number, perLane: number) {
    this.#total = total
    this.#perLane = perLane
  }

  /** Runs `work` when it is its turn. Work whose signal aborted while it waited runs all the same: it sees the signal itself. */
  async run<T>(lane: string, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.#waiting.push({ lane, start })
      this.#next()
    })
    try {
      return await work()
    } finally {
      this.#active--
      const left = this.#running.get(lane)! - 1
      if (left === 0) this.#running.delete(lane)
      else this.#running.set(lane, left)
      this.#next()
    }
  }

  #next(): void {
    this.#waiting = this.#waiting.filter(({ lane, start }) => {
      const ofLane = this.#running.get(lane) ?? 0
      if (this.#active >= this.#total || ofLane >= this.#perLane) return true
      this.#active++
      this.#running.set(lane, ofLane + 1)
      start()
      return false
    })
  }
}
