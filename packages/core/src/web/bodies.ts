import { GatewayError } from '../errors.ts'
import { wholeResponse } from './whole-response.ts'
import type { Answer } from '../exchange/answer.ts'
import type { Context } from '../exchange/request-context.ts'
import type { Reply, ResponseHead } from '../exchange/head.ts'
import type { ResponseBody } from './whole-response.ts'

/** A response body on the web lane: as it comes, or all of it when it is here already. */
export type WebBody = ReadableStream<Uint8Array> | Uint8Array | null

/** A request body on the web lane: a stream, or `null`. */
export type WebUpload = ReadableStream<Uint8Array> | null

/** RFC 9110: these have no content, and `Response` refuses one. */
const WITHOUT_BODY = new Set([101, 204, 205, 304])

/** A reply made here as a mutable `Response`. */
export function localResponse(reply: Reply): Response {
  const headers = new Headers()
  for (const [name, value] of reply.headers) headers.append(name, value)
  return new Response(WITHOUT_BODY.has(reply.status) ? null : (reply.body as ResponseBody), { status: reply.status, headers })
}

/** An answer that is here to its last byte, as a mutable `Response`. Whoever asked for it finishes the request. */
export function toWholeResponse(ctx: Context, head: ResponseHead, whole: Uint8Array): Response {
  const hasBody = ctx.request.method !== 'HEAD' && !WITHOUT_BODY.has(head.status)
  if (hasBody) return wholeResponse(whole, head)
  return localResponse({ ...head, body: null })
}

/** An answer as a mutable `Response`, so that middlewares can change its fields in place. Finishes the request after the last byte. */
export function toResponse(ctx: Context, answer: Answer<WebBody>): Response {
  const headers = new Headers()
  for (const [name, value] of answer.head.headers) headers.append(name, value)
  const { status } = answer.head
  const hasBody = ctx.request.method !== 'HEAD' && !WITHOUT_BODY.has(status)
  if (!hasBody) ctx.coding = null
  if (answer.flow === null) {
    const { local } = answer
    finish(ctx, { status, bytesOut: hasBody && local !== null ? local.length : 0 })
    return new Response(hasBody ? (local as ResponseBody) : null, { status, headers })
  }
  if (answer.flow instanceof Uint8Array) {
    finish(ctx, { status, bytesOut: hasBody ? answer.flow.byteLength : 0 })
    return toWholeResponse(ctx, answer.head, answer.flow)
  }
  if (hasBody) return new Response(metered(ctx, answer.flow, status), { status, headers })
  void answer.flow.cancel().catch(() => {
    // A body that breaks while it is being thrown away is thrown away all the same.
  })
  ctx.finish({ status, bytesOut: 0 })
  return new Response(null, { status, headers })
}

/** The end of a body as it came. One that is coded on its way out ends later, and with another number of bytes: who codes it finishes. */
function finish(ctx: Context, outcome: { status: number; bytesOut: number }): void {
  if (ctx.coding === null) ctx.finish(outcome)
}

/** The body as it goes by: counted, watched for silence, given up when the reader leaves. */
function metered(ctx: Context, source: ReadableStream<Uint8Array>, status: number): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let bytesOut = 0
  let cut: GatewayError | null = null
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        ctx.downstream = {
          cut(error) {
            cut = error
            controller.error(error)
            ctx.finish({ status, bytesOut, error })
            void reader.cancel(error).catch(() => {
              // The upstream's side is already broken: nothing is left to cancel.
            })
          },
        }
        // The client may have left while the head was made: nobody will ever read this body.
        if (ctx.ended !== null) ctx.downstream.cut(ctx.ended)
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (cut !== null) return
          if (done) {
            finish(ctx, { status, bytesOut })
            controller.close()
            return
          }
          bytesOut += value.byteLength
          ctx.progressed()
          controller.enqueue(value)
        } catch (thrown) {
          if (cut !== null) return
          const error = GatewayError.is(thrown) ? thrown : new GatewayError('UPSTREAM_RESET', 'The upstream ended its body early.', thrown)
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

/** A request body on its way up: counted against the limit, watched for silence, its end noted. */
export function meteredUpload(ctx: Context, body: ReadableStream<Uint8Array>, limit: number): ReadableStream<Uint8Array> {
  let isFull = (): boolean => false
  const upload = {
    complete: false,
    bytes: 0,
    get blocked() {
      return isFull()
    },
  }
  ctx.upload = upload
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(controller) {
        isFull = () => (controller.desiredSize ?? 0) <= 0
      },
      transform(chunk, controller) {
        upload.bytes += chunk.byteLength
        if (upload.bytes > limit) {
          const error = new GatewayError('BODY_TOO_LARGE')
          controller.error(error)
          ctx.end(error)
          return
        }
        controller.enqueue(chunk)
      },
      flush() {
        upload.complete = true
        ctx.received()
      },
    }),
  )
}
