import { constants } from 'node:http2'
import { GatewayError } from '@octopus-gateway/core'
import { interimFields } from '../interim.ts'
import { responseFields } from './response-fields.ts'
import { StreamBody } from './stream-body.ts'
import { StreamResponse } from './stream-response.ts'
import type { Context } from '@octopus-gateway/core/lane'
import type { ClientEnd, Exchange } from '../exchange.ts'
import type { HeaderList, ResponseHead } from '@octopus-gateway/core'
import type { NodeUpload } from '../flow.ts'
import type { ServerHttp2Stream } from 'node:http2'

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

/** A request on a stream of HTTP/2. */
export class StreamExchange implements Exchange {
  readonly stream: ServerHttp2Stream
  readonly ctx: Context
  readonly res: StreamResponse
  /** Whether the stream was reset from here. */
  isCut = false
  /** Whether the stream was promised by the gateway, with a request that has no body. */
  readonly isPushed: boolean
  #body: StreamBody | null = null
  #isTunnel = false
  /** Bytes of an answer that is sent to its end; -1 before. */
  #bytesOut = -1

  constructor(stream: ServerHttp2Stream, ctx: Context, isPushed: boolean) {
    this.stream = stream
    this.ctx = ctx
    this.isPushed = isPushed
    this.res = new StreamResponse(stream, ctx.request.method === 'HEAD')
  }

  get isReceived(): boolean {
    return this.isPushed || this.stream.endAfterHeaders || this.#body?.complete === true
  }

  upload(limit: number): NodeUpload {
    const { stream, ctx } = this
    if (this.isPushed || stream.endAfterHeaders) return null
    if (ctx.request.headers.get('content-length') === '0') {
      // Only its end is still to come.
      stream.resume()
      return null
    }
    this.#body = new StreamBody(stream, ctx, limit)
    ctx.upload = this.#body
    return this.#body
  }

  invite(): void {
    if (!this.res.destroyed) this.stream.additionalHeaders({ ':status': 100 })
  }

  inform(head: ResponseHead): void {
    if (this.res.destroyed || this.res.headersSent) return
    const fields = interimFields(head)
    if (fields.link !== undefined) this.stream.additionalHeaders({ ':status': 103, ...fields })
  }

  /** Every stream ends for itself. */
  mustEnd(): boolean {
    return false
  }

  trailers(fields: HeaderList): void {
    this.res.setTrailers(fields)
  }

  sent(bytesOut: number): void {
    const { ctx } = this
    this.#bytesOut = bytesOut
    if (ctx.isFinished || ctx.ended !== null) {
      // The request has ended before, or the web lane has counted: nobody else watches whether the client takes the answer.
      if (ctx.clientIdle !== Infinity) this.stream.setTimeout(ctx.clientIdle, () => this.cut())
    } else {
      ctx.flowing()
      ctx.stalled()
    }
    if (!this.isReceived) this.#stopClient()
  }

  /** RFC 9113, section 8.1: an answer is whole before the request is; the client is asked to send no more, without a fault. */
  #stopClient(): void {
    const { stream } = this
    const stop = (): void => {
      if (!this.isReceived && !stream.closed) stream.close(NGHTTP2_NO_ERROR)
    }
    // Behind the trailers, which leave in the turn after the end of the body.
    const soon = (): void => void setImmediate(() => setImmediate(stop))
    if (stream.writableFinished) soon()
    else stream.once('finish', soon)
  }

  /** RFC 8441, section 5: a 200 without the fields by which HTTP/1.1 switches. */
  switchProtocols(headers: HeaderList): ClientEnd {
    const { stream } = this
    for (const name of ['sec-websocket-accept', 'content-length']) headers.delete(name)
    const fields = responseFields(headers.flat)
    fields[':status'] = 200
    // What waits for trailers is no whole body when Node resets it.
    stream.once('wantTrailers', () => stream.sendTrailers({}))
    stream.respond(fields, { waitForTrailers: true })
    this.#isTunnel = true
    return {
      duplex: stream,
      status: 200,
      early: Buffer.alloc(0),
      abort: () => this.#reset(NGHTTP2_CANCEL),
      done() {},
    }
  }

  cut(): void {
    if (!this.#isTunnel) this.#reset(NGHTTP2_INTERNAL_ERROR)
  }

  #reset(code: number): void {
    const { stream } = this
    this.isCut = true
    if (!stream.closed) stream.close(code)
    // Not left to nghttp2, which closes no stream of a connection that it has given up.
    setImmediate(() => stream.destroy())
  }

  /** The stream is closed: after a whole answer this is the end that was meant. */
  abandon(): void {
    const { ctx, stream, res } = this
    // A tunnel knows best how it ends.
    if (ctx.isFinished || this.#isTunnel) return
    const isWhole = this.#bytesOut !== -1 && stream.writableFinished && stream.rstCode === NGHTTP2_NO_ERROR
    if (!isWhole) ctx.end(new GatewayError('CLIENT_CLOSED'))
    this.#body?.destroy(ctx.ended ?? undefined)
    ctx.finish({ status: res.headersSent ? res.statusCode : 499, bytesOut: Math.max(this.#bytesOut, 0) })
  }
}
