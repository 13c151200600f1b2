/**
 * A request body that middlewares may read before it is forwarded: what they read is kept, so that the upstream gets every byte as it came.
 * Not `tee`: a half of it that is cancelled waits for the other half.
 */
export class RecordedBody {
  /** What middlewares get. Giving it up leaves the body untouched. */
  readonly shown: ReadableStream<Uint8Array>
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #kept: Uint8Array[] = []
  #isSending = false
  /** A read of a middleware that is still under way: its bytes come before the next ones. */
  #reading: Promise<void> = Promise.resolve()

  constructor(source: ReadableStream<Uint8Array>) {
    this.#reader = source.getReader()
    this.shown = new ReadableStream<Uint8Array>({ pull: (controller) => (this.#reading = this.#show(controller)) }, { highWaterMark: 0 })
  }

  /** The whole body for the upstream: what was read, then the rest. */
  send(): ReadableStream<Uint8Array> {
    this.#isSending = true
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          await this.#reading
          const kept = this.#kept.shift()
          const { done, value } = kept === undefined ? await this.#reader.read() : { done: false, value: kept }
          if (value === undefined || done) controller.close()
          else controller.enqueue(value)
        },
        cancel: (reason) => this.#reader.cancel(reason),
      },
      { highWaterMark: 0 },
    )
  }

  async #show(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#isSending) {
      controller.error(new TypeError('The body has been forwarded.'))
      return
    }
    const { done, value } = await this.#reader.read()
    if (done) {
      controller.close()
      return
    }
    this.#kept.push(value)
    controller.enqueue(value)
  }
}
