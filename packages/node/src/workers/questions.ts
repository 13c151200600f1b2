import type { FromWorker, ToWorker } from './messages.ts'
import type { Slot } from './slot.ts'

type Answer = FromWorker | null

/** Questions to workers that wait for an answer. */
export class Questions {
  readonly #open = new Map<number, { readonly slot: Slot; settle(answer: Answer): void }>()
  #last = 0

  /** Resolves with the answer; with `null` when none comes in time, or the worker ends first. */
  ask(slot: Slot, make: (id: number) => ToWorker, ms: number, id = ++this.#last): Promise<Answer> {
    const { process } = slot
    if (process === null) return Promise.resolve(null)
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer)
        this.#open.delete(id)
        resolve(answer)
      }
      const timer = setTimeout(() => settle(null), ms)
      this.#open.set(id, { slot, settle })
      process.send(make(id))
    })
  }

  answer(slot: Slot, id: number, message: FromWorker): void {
    const question = this.#open.get(id)
    if (question?.slot === slot) question.settle(message)
  }

  gone(slot: Slot): void {
    for (const question of this.#open.values()) if (question.slot === slot) question.settle(null)
  }
}
