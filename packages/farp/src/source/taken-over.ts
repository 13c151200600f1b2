import type { RouteSet } from '@octopus-gateway/core'
import type { Views } from './neighbours.ts'

/** What the gateway has taken over from a run, and who waits for it. */
export class TakenOver {
  #views: Views = new Map()
  #sets: readonly RouteSet[] = []
  #waiting = new Set<() => void>()
  #isOver = false

  /** What the sets were made from. */
  get views(): Views {
    return this.#views
  }

  get sets(): readonly RouteSet[] {
    return this.#sets
  }

  show(views: Views, sets: readonly RouteSet[]): void {
    this.#views = views
    this.#sets = sets
    this.#wake()
  }

  /** Nothing more will come: whoever waits goes on. */
  end(): void {
    this.#isOver = true
    this.#wake()
  }

  /** Waits until `condition` holds after a change, then for `more`; `ms` at most, and not beyond the end. */
  async until(condition: () => boolean, ms: number, more: () => Promise<void>): Promise<void> {
    const end = Date.now() + ms
    while (!this.#isOver && !condition()) {
      if (Date.now() >= end) return
      await this.#change(end - Date.now())
    }
    if (!this.#isOver) await withinTime(end - Date.now(), more())
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(done)
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }
}

async function withinTime(ms: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.max(0, ms))))
  await Promise.race([work, over]).finally(() => clearTimeout(timer))
}
