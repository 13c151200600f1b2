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
  const body = bodyOf(response).pipeThrough<Uint8Array>(coder(coding.name) as never)
  return new Response(counted(ctx, body, status), { status, headers })
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const whole = wholeBody(response)
  return whole === undefined ? response.body! : new Response(whole as ResponseBody).body!
}

function counted(ctx: Context, source: ReadableStream<Uint8Array>, status: number): ReadableStream<Uint8Array> {
  const reader = source.getReader()
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
          },
        }
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            ctx.finish({ status, bytesOut })
            controller.close()
            return
          }
          bytesOut += value.byteLength
          ctx.progressed()
          controller.enqueue(value)
        } catch (thrown) {
          const error =
            ctx.ended ?? (GatewayError.is(thrown) ? thrown : new GatewayError('INTERNAL', 'The body could not be coded.', thrown))
          ctx.finish({ status, bytesOut, error })
          controller.error(error)
        }
      },
      async cancel(reason) {
        ctx.finish({ status, bytesOut, error: new GatewayError('CLIENT_CLOSED') })
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
