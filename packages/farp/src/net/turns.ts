interface Waiting {
  readonly lane: string
  readonly start: () => void
}

/**
 * Lets at most `total` pieces of work run at once, and at most `perLane` of one lane. The lane that has fewest running is next, then the one that
 * waited longest since it had a turn: a service with fifty slow documents must not keep all others from theirs.
 */
export class Turns {
  readonly #total: number
  readonly #perLane: number
  readonly #running = new Map<string, number>()
  /** When a lane that still has work had its last turn. */
  readonly #turns = new Map<string, number>()
  readonly #waiting: Waiting[] = []
  #active = 0
  #turn = 0

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
      if (left === 0 && !this.#waiting.some((other) => other.lane === lane)) this.#turns.delete(lane)
      this.#next()
    }
  }

  #next(): void {
    while (this.#active < this.#total) {
      const index = this.#choice()
      if (index === undefined) return
      const [{ lane, start }] = this.#waiting.splice(index, 1) as [Waiting]
      this.#active++
      this.#running.set(lane, (this.#running.get(lane) ?? 0) + 1)
      this.#turns.set(lane, ++this.#turn)
      start()
    }
  }

  #choice(): number | undefined {
    let best: { readonly index: number; readonly running: number; readonly turn: number } | undefined
    for (const [index, { lane }] of this.#waiting.entries()) {
      const running = this.#running.get(lane) ?? 0
      const turn = this.#turns.get(lane) ?? 0
      if (running >= this.#perLane) continue
      if (best === undefined || running < best.running || (running === best.running && turn < best.turn)) best = { index, running, turn }
      if (running === 0 && turn === 0) break
    }
    return best?.index
  }
}
