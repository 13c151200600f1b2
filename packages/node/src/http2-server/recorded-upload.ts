import { Readable } from 'node:stream'
import type { NodeUpload } from '../flow.ts'

/** A request body that middlewares may read before it is forwarded: what they read is kept, so that the upstream gets every byte as it came. */
export class RecordedUpload {
  /** What middlewares get. Nothing is read of the body before somebody reads this. */
  readonly shown: ReadableStream<Uint8Array>
  readonly #body: Readable
  #pieces: AsyncIterator<Buffer> | null = null
  #kept: Buffer[] = []
  #isWhole = false
  #isSending = false
  /** A read of a middleware that is still under way: its bytes come before the next ones. */
  #reading: Promise<void> = Promise.resolve()

  constructor(body: Readable) {
    this.#body = body
    this.shown = new ReadableStream<Uint8Array>({ pull: (controller) => (this.#reading = this.#show(controller)) }, { highWaterMark: 0 })
  }

  /** The whole body for the wire: itself when nobody has read of it, otherwise what was read and then what is still to come. */
  get upload(): NodeUpload {
    this.#isSending = true
    if (this.#pieces === null) return this.#body
    return this.#isWhole ? Buffer.concat(this.#kept) : Readable.from(this.#all())
  }

  async *#all(): AsyncGenerator<Buffer> {
    await this.#reading
    yield* this.#kept
    this.#kept = []
    for (let next = await this.#next(); next !== null; next = await this.#next()) yield next
  }

  async #next(): Promise<Buffer | null> {
    this.#pieces ??= this.#body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    const { done, value } = await this.#pieces.next()
    return done === true ? null : value
  }

  async #show(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#isSending) {
      controller.error(new TypeError('The body has been forwarded.'))
      return
    }
    const piece = await this.#next()
    if (piece === null) {
      this.#isWhole = true
      controller.close()
      return
    }
    this.#kept.push(piece)
    // A copy for the middleware: what it does to its bytes must not reach the upstream.
    controller.enqueue(new Uint8Array(piece))
  }
}
