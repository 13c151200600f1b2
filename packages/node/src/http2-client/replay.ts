import type { Readable } from 'node:stream'

/** What is kept of one body, and of all bodies together. */
const BODY_BYTES = 256 * 1024
const ALL_BYTES = 32 * 1024 * 1024

/**
 * The start of a request body, kept until its answer begins: a stream that the upstream refused, or never looked at before it closed the
 * connection, can be sent again to another, body included.
 */
export class Replay {
  readonly body: Readable
  readonly pieces: Buffer[] = []
  /** Whether the last piece has been read. */
  isEnded = false
  readonly #all: ReplayBudget
  #bytes = 0
  #isWhole = true

  constructor(body: Readable, all: ReplayBudget) {
    this.body = body
    this.#all = all
  }

  /** Whether nothing has been read of the body. */
  get isUntouched(): boolean {
    return !this.body.readableDidRead
  }

  /** Whether the body can be sent from its first byte. */
  get isPossible(): boolean {
    return this.#isWhole && this.body.errored === null && (this.isEnded || !this.body.destroyed)
  }

  add(piece: Buffer): void {
    if (!this.#isWhole) return
    if (this.#bytes + piece.length > BODY_BYTES || this.#all.bytes + piece.length > ALL_BYTES) {
      this.drop()
      return
    }
    this.#bytes += piece.length
    this.#all.bytes += piece.length
    this.pieces.push(piece)
  }

  /** It will not be sent again. */
  drop(): void {
    this.#isWhole = false
    this.#all.bytes -= this.#bytes
    this.#bytes = 0
    this.pieces.length = 0
  }

  /** All of the body as a stream, for a way out that knows nothing of this. It can be sent once. */
  async *rest(): AsyncGenerator<Buffer> {
    const pieces = this.pieces.slice()
    this.drop()
    yield* pieces
    if (!this.isEnded) for await (const piece of this.body as AsyncIterable<Buffer>) yield piece
  }
}

/** Bytes kept at the moment. */
export class ReplayBudget {
  bytes = 0
}
