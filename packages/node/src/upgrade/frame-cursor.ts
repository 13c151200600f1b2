/** Byte 0 without FIN and RSV, byte 1 without MASK, and the two lengths that announce a longer one (RFC 6455, section 5.2). */
const OPCODE = 0x0f
const LENGTH = 0x7f
const MASKED = 0x80
const LENGTH_16 = 126
const LENGTH_64 = 127
const CLOSE = 0x8

/**
 * Where the frames of one direction of a WebSocket connection end, so that a frame of the gateway's own can be put between two of them. It
 * looks at the headers only and keeps nothing of the payloads: a few operations for each frame.
 */
export class FrameCursor {
  /** Whether a Close frame has begun: nothing of ours may follow it. */
  hasClosed = false
  /** Payload bytes of the frame under way that are still to come. */
  #left = 0
  readonly #header = new Uint8Array(14)
  #have = 0

  /** Whether all frames that have begun are complete. */
  get isBetween(): boolean {
    return this.#left === 0 && this.#have === 0
  }

  /** Goes over a piece. Returns the offset behind the first frame that ends in it, or -1. */
  pass(piece: Uint8Array): number {
    const { length } = piece
    let first = -1
    let at = 0
    while (at < length) {
      if (this.#left === 0 && !this.#take(piece[at++]!)) continue
      const step = Math.min(this.#left, length - at)
      at += step
      this.#left -= step
      if (this.#left === 0 && first === -1) first = at
    }
    return first
  }

  /** One byte of a header; whether it was the last. */
  #take(byte: number): boolean {
    const header = this.#header
    header[this.#have++] = byte
    if (this.#have < 2) return false
    const second = header[1]!
    const short = second & LENGTH
    const extended = short === LENGTH_64 ? 8 : short === LENGTH_16 ? 2 : 0
    if (this.#have < 2 + extended + ((second & MASKED) === 0 ? 0 : 4)) return false
    this.#have = 0
    if ((header[0]! & OPCODE) === CLOSE) this.hasClosed = true
    this.#left = extended === 0 ? short : lengthIn(header, extended)
    return true
  }
}

function lengthIn(header: Uint8Array, bytes: number): number {
  let length = 0
  for (let i = 2; i < 2 + bytes; i++) length = length * 256 + header[i]!
  return length
}
