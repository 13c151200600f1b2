import { Outage, Refusal } from './outage.ts'

/** Several servers that know the same: the one that answered last is asked first. */
export class Members<T> {
  readonly #all: readonly T[]
  #first = 0

  /** At least one. */
  constructor(all: readonly T[]) {
    this.#all = all
  }

  /** The one that answered last. */
  get current(): T {
    return this.#all[this.#first]!
  }

  /** Begins with the next one from now on. */
  turn(): void {
    this.#first = (this.#first + 1) % this.#all.length
  }

  /**
   * Asks one after the other. Rejects with an `Outage` that says what each of them said, and at once with what is no `Outage`, or one that the others
   * would answer with alike.
   */
  async ask<A>(question: (member: T) => Promise<A>): Promise<A> {
    const failures: Outage[] = []
    for (let i = 0; i < this.#all.length; i++) {
      const index = (this.#first + i) % this.#all.length
      try {
        const answer = await question(this.#all[index]!)
        this.#first = index
        return answer
      } catch (thrown) {
        if (!(thrown instanceof Outage) || thrown instanceof Refusal) throw thrown
        failures.push(thrown)
      }
    }
    if (failures.length === 1) throw failures[0]!
    throw new Outage(`None of the ${failures.length} servers can be asked: ${failures.map(({ message }) => message).join(' ')}`)
  }
}
