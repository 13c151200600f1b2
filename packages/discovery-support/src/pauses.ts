import { sleep } from '@octopus-gateway/core'

/** A length of time, varied by a tenth, so that not all gateways ask at once. */
export function around(ms: number): number {
  return ms * (0.9 + Math.random() / 5)
}

/** Pauses that grow while nothing comes of what is between them: each twice as long as the one before. */
export class Pauses {
  readonly #first: number
  readonly #longest: number
  #next: number

  /** Milliseconds. */
  constructor(first: number, longest: number) {
    this.#first = first
    this.#longest = longest
    this.#next = first
  }

  /** Whether they do not grow any more. */
  get areLongest(): boolean {
    return this.#next >= this.#longest
  }

  /** The next one is the first again. */
  reset(): void {
    this.#next = this.#first
  }

  /** Takes the next one; up to a quarter less by chance, so that not all gateways ask at once. */
  async take(signal: AbortSignal): Promise<void> {
    const pause = this.#next
    this.#next = Math.min(pause * 2, this.#longest)
    await sleep(pause * (0.75 + Math.random() / 4), signal)
  }
}
