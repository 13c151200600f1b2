import { FrameCursor } from './frame-cursor.ts'
import { goingAway } from './close-frame.ts'
import type { Duplex } from 'node:stream'

/** Below this much that the reader has not taken, the next piece is welcome: Node's 16 KiB would stop the writer at every read. */
const BUFFER_BYTES = 128 * 1024

/** Who is told of what happens on the way. */
export interface Watcher {
  /** Whether frames of this way are masked: those of clients are. */
  readonly isMasked: boolean
  /** Bytes have moved. */
  moved(): void
  /** The reader takes no more at the moment. */
  blocked(): void
  /** The writer has said all it had to. */
  ended(): void
  /** A Close frame of ours was sent, or the writer's own came after it. */
  closing(): void
}

/** One direction of a tunnel. */
export class OneWay {
  /** Bytes passed on. */
  bytes = 0
  /** Whether the writer has ended its side. */
  isEnded = false
  /** Whether a Close frame of ours was the last: what still comes is looked at, and not passed on. */
  hasLeft = false
  readonly #from: Duplex
  readonly #to: Duplex
  readonly #watcher: Watcher
  readonly #cursor = new FrameCursor()
  /** A Close frame is to be put in front of the next frame. */
  #isLeaving = false

  constructor(from: Duplex, to: Duplex, watcher: Watcher) {
    this.#from = from
    this.#to = to
    this.#watcher = watcher
  }

  /** Whether a Close frame has passed. */
  get hasClosed(): boolean {
    return this.#cursor.hasClosed
  }

  /** Begins with what came before. */
  start(early: Buffer): void {
    const from = this.#from
    from.on('data', this.#pass)
    from.on('end', this.#end)
    this.#to.on('drain', () => {
      this.#watcher.moved()
      from.resume()
    })
    if (early.length > 0) this.#pass(early)
    // The pause of an owner before is over, unless these first bytes were too many already.
    if (!this.#to.writableNeedDrain) from.resume()
  }

  /** Puts a Close frame into this way as soon as no frame is under way, unless the writer has closed it. */
  goodbye(): void {
    if (this.#isLeaving || this.isEnded || this.#cursor.hasClosed) return
    this.#isLeaving = true
    if (this.#cursor.isBetween) this.#leave()
  }

  readonly #pass = (piece: Buffer): void => {
    const border = this.#cursor.pass(piece)
    if (this.hasLeft) {
      if (this.#cursor.hasClosed) this.#watcher.closing()
    } else if (this.#isLeaving && border !== -1 && !this.#cursor.hasClosed) {
      this.#write(piece.subarray(0, border))
      this.#leave()
    } else this.#write(piece)
  }

  #write(piece: Buffer): void {
    this.bytes += piece.length
    this.#watcher.moved()
    if (this.#to.write(piece) || this.#to.writableLength < BUFFER_BYTES) return
    this.#watcher.blocked()
    this.#from.pause()
  }

  #leave(): void {
    this.hasLeft = true
    this.#to.write(goingAway(this.#watcher.isMasked))
    this.#watcher.closing()
  }

  readonly #end = (): void => {
    this.isEnded = true
    this.#to.end()
    this.#watcher.ended()
  }
}
