import { Duplex, Readable } from 'node:stream'
import { IncomingMessage } from 'node:http'
import type { NodeUpload } from './flow.ts'

/** What is kept of all bodies together. */
const ALL_BYTES = 32 * 1024 * 1024
/** Pieces smaller than this are joined: a list of single bytes would cost a hundred times what it holds. */
const PIECE_BYTES = 4096

/**
 * The start of a request body, kept until its answer begins: a request that broke, that was refused or that was answered with a failure can be
 * sent again to another, body included. One attempt at a time reads the body; the ones after it begin with what is kept.
 */
export class Replay {
  readonly body: Readable
  readonly pieces: Buffer[] = []
  /** Whether the last piece has been read. */
  isEnded = false
  /** Whether the attempt that read the body has stopped. */
  isLeft = false
  readonly #all: ReplayBudget
  readonly #limit: number
  #bytes = 0
  #isWhole = true

  /** @param limit The most bytes to keep. */
  constructor(body: Readable, all: ReplayBudget, limit: number) {
    this.body = body
    this.#all = all
    this.#limit = limit
  }

  /** Whether the body can be sent from its first byte. */
  get isPossible(): boolean {
    return this.#isWhole && this.body.errored === null && (this.isEnded || !this.body.destroyed)
  }

  add(piece: Buffer): void {
    if (!this.#isWhole) return
    const { length } = piece
    if (this.#bytes + length > this.#limit || this.#all.bytes + length > ALL_BYTES) {
      this.drop()
      return
    }
    this.#bytes += length
    this.#all.bytes += length
    const last = this.pieces.at(-1)
    if (last !== undefined && last.length + length <= PIECE_BYTES) this.pieces[this.pieces.length - 1] = Buffer.concat([last, piece])
    else this.pieces.push(piece)
  }

  /** What is kept, as bytes of their own; `undefined` when that is more than `most`. */
  copy(most: number): Buffer | undefined {
    return this.#bytes > most ? undefined : Buffer.concat(this.pieces)
  }

  /** It will not be sent again. */
  drop(): void {
    this.#isWhole = false
    this.#all.bytes -= this.#bytes
    this.#bytes = 0
    this.pieces.length = 0
  }
}

/** Bytes kept at the moment. */
export class ReplayBudget {
  bytes = 0
}

/** What is kept of the bodies under way, whichever wire has begun to send them. */
export class Replays {
  readonly #byBody = new WeakMap<Readable, Replay>()
  readonly #budget = new ReplayBudget()

  /** Bytes kept now, of all bodies. */
  get bytes(): number {
    return this.#budget.bytes
  }

  /** What is kept of a body that is about to be sent, `keep` bytes at the most; `null` when nothing is and nothing will be. */
  of(body: NodeUpload, keep: number): Replay | null {
    if (!(body instanceof Readable)) return null
    const known = this.#byBody.get(body)
    if (known !== undefined) return known
    return keep === 0 ? null : this.#begin(body, keep)
  }

  /** The same for a wire that always reads by way of it. */
  always(body: NodeUpload, keep: number): Replay | null {
    return body instanceof Readable ? (this.#byBody.get(body) ?? this.#begin(body, keep)) : null
  }

  #begin(body: Readable, keep: number): Replay {
    const replay = new Replay(body, this.#budget, keep)
    this.#byBody.set(body, replay)
    return replay
  }

  replayable(body: NodeUpload): boolean {
    if (!(body instanceof Readable)) return true
    return this.#byBody.get(body)?.isPossible ?? (!body.readableDidRead && !body.destroyed)
  }

  isWhole(body: NodeUpload): boolean {
    if (!(body instanceof Readable)) return true
    const replay = this.#byBody.get(body)
    return replay !== undefined && replay.isEnded && replay.isPossible
  }

  /** All of a body for somebody else; `undefined` when it is not whole, or longer than `most` bytes. */
  copyOf(body: NodeUpload, most: number): NodeUpload | undefined {
    if (body === null) return null
    if (body instanceof Readable) return this.isWhole(body) ? this.#byBody.get(body)!.copy(most) : undefined
    return body.length > most ? undefined : body
  }

  settled(body: NodeUpload): void {
    if (!(body instanceof Readable)) return
    const replay = this.#byBody.get(body)
    if (replay === undefined) return
    replay.drop()
    if (replay.isLeft && !replay.isEnded) abandon(body)
  }
}

/** Takes nothing more of a body. A message or a stream with another side stays open: an answer is still to be sent there. */
export function abandon(body: Readable): void {
  if (body.destroyed) return
  if (body instanceof IncomingMessage || body instanceof Duplex) body.pause()
  else {
    body.on('error', () => {
      // Whoever makes the body hears that nobody reads it; nobody here needs its answer.
    })
    body.destroy()
  }
}
