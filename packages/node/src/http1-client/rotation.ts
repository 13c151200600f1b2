/** Bytes that large answers take from their upstreams in one turn of the event loop, all together. */
const TURN_BYTES = 1024 * 1024
/** The least that one of them gets when its turn comes: a read. */
const SHARE_BYTES = 64 * 1024
/** The beginning of every answer that waits for no turn: what is smaller is never held up. */
export const FREE_BYTES = 128 * 1024

/** Who waits for a turn. */
export interface Rotated {
  /** May read so many bytes now. */
  turn(bytes: number): void
}

/**
 * Large answers in turns. The system reads a connection up to 32 times at one go, and the buffers between here and a client who does not read
 * take megabytes: a thousand such clients would hold every other request for as long as it takes to fill them.
 */
class Rotation {
  #waiting: Rotated[] = []

  wait(one: Rotated): void {
    if (this.#waiting.push(one) === 1) setImmediate(this.#next)
  }

  readonly #next = (): void => {
    const now = this.#waiting.splice(0, TURN_BYTES / SHARE_BYTES)
    const share = Math.floor(TURN_BYTES / now.length)
    if (this.#waiting.length > 0) setImmediate(this.#next)
    for (const one of now) one.turn(share)
  }
}

/** One for the process: what is shared is its event loop. */
export const rotation = new Rotation()
