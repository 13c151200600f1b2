/** Remembers which records do not exist, so that they are not asked for in every round. */
export class Absences {
  readonly #until = new Map<string, number>()
  readonly #keep: number

  /** `keep` is for how long. Milliseconds. */
  constructor(keep: number) {
    this.#keep = keep
  }

  /** What `ask` says, or nothing while the last answer was nothing. */
  async unlessAbsent<T>(key: string, ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const now = performance.now()
    if ((this.#until.get(key) ?? 0) > now) return []
    const found = await ask()
    if (found.length === 0) this.#until.set(key, now + this.#keep)
    else this.#until.delete(key)
    return found
  }
}
