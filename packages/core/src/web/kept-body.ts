import type { Call } from '../exchange/wire.ts'
import type { WebUpload } from './bodies.ts'

/** Request bodies under way on the web lane, each kept until its answer begins so that it can be sent again. */
export class KeptBodies {
  readonly #byBody = new WeakMap<ReadableStream, KeptBody>()

  /** The body for one attempt. */
  streamFor({ body, keep }: Call<WebUpload>): WebUpload {
    if (body === null || keep === 0) return body
    let kept = this.#byBody.get(body)
    if (kept === undefined) this.#byBody.set(body, (kept = new KeptBody(body, keep)))
    return kept.stream()
  }

  replayable(body: WebUpload): boolean {
    return body === null || this.#byBody.get(body)?.isPossible === true
  }

  isWhole(body: WebUpload): boolean {
    return body === null || this.#byBody.get(body)?.isWhole === true
  }

  /** All of a body for somebody else; `undefined` when it is not whole, or longer than `most` bytes. */
  copyOf(body: WebUpload, most: number): WebUpload | undefined {
    return body === null ? null : this.#byBody.get(body)?.copy(most)
  }

  settled(body: WebUpload): void {
    if (body !== null) this.#byBody.get(body)?.drop()
  }
}

/** One body: read once, by whichever attempt comes to its end first, and kept up to a limit. */
class KeptBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #limit: number
  readonly #pieces: Uint8Array[] = []
  #bytes = 0
  #isKept = true
  #isEnded = false
  #isBroken = false
  /** Whether the last attempt has given its stream up. */
  #isLeft = false
  #reading: Promise<void> | null = null

  constructor(body: ReadableStream<Uint8Array>, limit: number) {
    this.#reader = body.getReader()
    this.#limit = limit
  }

  get isPossible(): boolean {
    return this.#isKept && !this.#isBroken
  }

  get isWhole(): boolean {
    return this.isPossible && this.#isEnded
  }

  stream(): ReadableStream<Uint8Array> {
    let at = 0
    this.#isLeft = false
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          while (at >= this.#pieces.length && !this.#isEnded) await (this.#reading ??= this.#read())
          const piece = this.#pieces[at]
          if (piece === undefined) return controller.close()
          at += 1
          controller.enqueue(piece)
          // From here on only this attempt reads, and nothing behind it is needed again.
          if (!this.#isKept) this.#pieces.splice(0, at)
          if (!this.#isKept) at = 0
        },
        cancel: (reason) => {
          this.#isLeft = true
          return this.isPossible ? undefined : this.#reader.cancel(reason)
        },
      },
      { highWaterMark: 0 },
    )
  }

  copy(most: number): ReadableStream<Uint8Array> | undefined {
    if (!this.isWhole || this.#bytes > most) return undefined
    const pieces = this.#pieces.slice()
    return new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = pieces.shift()
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** It will not be sent again. What an attempt still has to send of it stays. */
  drop(): void {
    this.#isKept = false
    if (!this.#isLeft || this.#isEnded) return
    void this.#reader.cancel().catch(() => {
      // A body that breaks while it is being thrown away is thrown away all the same.
    })
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read()
      if (done) this.#isEnded = true
      else {
        this.#bytes += value.byteLength
        if (this.#bytes > this.#limit) this.#isKept = false
        this.#pieces.push(value)
      }
    } catch (thrown) {
      this.#isBroken = true
      throw thrown
    } finally {
      this.#reading = null
    }
  }
}
