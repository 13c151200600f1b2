/**
 * Lets at most `total` pieces of work run at once, and at most `perLane` of one lane. The rest of a lane waits in order, and lanes take turns: one that
 * has a thousand pieces waiting, each as slow as it may be, must not keep the others from their first.
 */
export class Turns {
  readonly #total: number
  readonly #perLane: number
  readonly #running = new Map<string, number>()
  /** What waits, by lane; the lane that was served last is the last. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #active = 0

  constructor(total: number, perLane: number) {
    this.#total = total
    this.#perLane = perLane
  }

  /** Runs `work` when it is its turn. Work whose signal aborted while it waited runs all the same: it sees the signal itself. */
  async run<T>(lane: string, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      const queue = this.#waiting.get(lane) ?? []
      queue.push(start)
      this.#waiting.set(lane, queue)
      this.#next()
    })
    try {
      return await work()
    } finally {
      this.#active--
      const left = this.#running.get(lane)! - 1
      if (left === 0) this.#running.delete(lane)
      else this.#running.set(lane, left)
      // Who has just been served comes after those that have not.
      this.#queueAgain(lane, this.#waiting.get(lane) ?? [])
      this.#next()
    }
  }

  #next(): void {
    while (this.#active < this.#total) {
      const lane = this.#mostPatient()
      if (lane === undefined) return
      const queue = this.#waiting.get(lane)!
      const start = queue.shift()!
      this.#queueAgain(lane, queue)
      this.#active++
      this.#running.set(lane, (this.#running.get(lane) ?? 0) + 1)
      start()
    }
  }

  /** Behind all the others. */
  #queueAgain(lane: string, queue: (() => void)[]): void {
    this.#waiting.delete(lane)
    if (queue.length > 0) this.#waiting.set(lane, queue)
  }

  /** The lane of which least runs; of several the one that has waited longest for a turn. */
  #mostPatient(): string | undefined {
    let found: string | undefined
    let least = this.#perLane
    for (const lane of this.#waiting.keys()) {
      const running = this.#running.get(lane) ?? 0
      if (running >= least) continue
      found = lane
      least = running
      if (running === 0) break
    }
    return found
  }
}
