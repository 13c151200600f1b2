/** Waits that double: 2 s, 4 s … 60 s, each a fifth shorter or longer, so that services which lost a gateway together do not come back together. */
export class BackOff {
  readonly #first: number
  readonly #most: number
  #next: number

  constructor(first: number, most: number) {
    this.#first = first
    this.#most = most
    this.#next = first
  }

  /** Milliseconds to wait now. */
  next(): number {
    const ms = this.#next
    this.#next = Math.min(ms * 2, this.#most)
    return jittered(ms, 0.2)
  }

  reset(): void {
    this.#next = this.#first
  }
}

/** A number, up to `part` of it smaller or larger. */
export function jittered(ms: number, part: number): number {
  return ms * (1 - part + Math.random() * 2 * part)
}
