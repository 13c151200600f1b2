import { GatewayError } from '../errors.ts'
import { wholeBody } from './whole-response.ts'
import type { Coding, ContentCoding } from '../exchange/head.ts'
import type { Context } from '../exchange/request-context.ts'
import type { ResponseBody } from './whole-response.ts'

/** Names of `CompressionStream`; the last two are younger than the standard's first edition and not everywhere. */
const FORMATS: Readonly<Record<ContentCoding, string>> = { gzip: 'gzip', br: 'brotli', zstd: 'zstd' }

let known: readonly ContentCoding[] | undefined

/** The codings that this runtime can apply to a Web stream. */
export function webCodings(): readonly ContentCoding[] {
  return (known ??= (['br', 'zstd', 'gzip'] as const).filter(canCode))
}

function canCode(name: ContentCoding): boolean {
  if (typeof CompressionStream === 'undefined') return false
  try {
    coder(name)
    return true
  } catch {
    // `TypeError`: the runtime does not have this format.
    return false
  }
}

function coder(name: ContentCoding): CompressionStream {
  return new CompressionStream(FORMATS[name] as ConstructorParameters<typeof CompressionStream>[0])
}

/** A response with its body coded; its head says so already. The request is finished after the last coded byte. */
export function compressed(ctx: Context, response: Response, coding: Coding): Response {
  const { status, headers } = response
  return new Response(coded(ctx, new Coded(bodyOf(response), coder(coding.name)), status), { status, headers })
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const whole = wholeBody(response)
  return whole === undefined ? response.body! : new Response(whole as ResponseBody).body!
}

/**
 * A body on its way through a coder. Its next piece is fetched while somebody waits for a coded one, and only then: piped into each other, a
 * source and a coder keep thousands of pieces for a reader that has stopped, in Node's implementation.
 */
class Coded {
  readonly #from: ReadableStreamDefaultReader<Uint8Array>
  readonly #into: WritableStreamDefaultWriter<unknown>
  readonly #out: ReadableStreamDefaultReader<Uint8Array>
  #feeding: Promise<void> | null = null
  /** What is still in the coder is all that comes. */
  #isFed = false

  constructor(source: ReadableStream<Uint8Array>, { readable, writable }: CompressionStream) {
    this.#from = source.getReader()
    this.#into = (writable as WritableStream<unknown>).getWriter()
    this.#out = readable.getReader() as ReadableStreamDefaultReader<Uint8Array>
    this.#into.closed.catch(() => {
      // Told by the read or the write that it broke.
    })
  }

  /** The next coded piece; `undefined` at the end. Rejects when the source breaks. */
  async read(): Promise<Uint8Array | undefined> {
    let isHere = false
    const reading = this.#out.read().finally(() => (isHere = true))
    reading.catch(() => {
      // A source that breaks breaks the coder too; the first of both is told.
    })
    for (;;) {
      if (isHere || this.#isFed) return (await reading).value
      this.#feeding ??= this.#feed()
      await Promise.race([reading, this.#feeding])
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.#feeding?.catch(() => {
      // Nobody waits for it any more.
    })
    await Promise.allSettled([this.#from.cancel(reason), this.#into.abort(reason), this.#out.cancel(reason)])
  }

  async #feed(): Promise<void> {
    const { done, value } = await this.#from.read()
    if (done) await this.#into.close()
    else await this.#into.write(value)
    this.#isFed = done
    this.#feeding = null
  }
}

function coded(ctx: Context, body: Coded, status: number): ReadableStream<Uint8Array> {
  const { downstream } = ctx
  let bytesOut = 0
  ctx.flowing()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        ctx.downstream = {
          cut(error) {
            downstream?.cut(error)
            ctx.finish({ status, bytesOut, error })
            controller.error(error)
            void body.cancel(error)
          },
        }
      },
      async pull(controller) {
        try {
          const piece = await body.read()
          if (ctx.ended !== null) return
          if (piece === undefined) {
            ctx.finish({ status, bytesOut })
            controller.close()
            return
          }
          bytesOut += piece.byteLength
          ctx.progressed()
          controller.enqueue(piece)
        } catch (thrown) {
          if (ctx.ended !== null) return
          const error = GatewayError.is(thrown) ? thrown : new GatewayError('INTERNAL', 'The body could not be coded.', thrown)
          ctx.finish({ status, bytesOut, error })
          controller.error(error)
          void body.cancel(error)
        }
      },
      async cancel(reason) {
        ctx.finish({ status, bytesOut, error: new GatewayError('CLIENT_CLOSED') })
        await body.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
