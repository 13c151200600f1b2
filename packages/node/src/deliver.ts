import { endToEndTrailers, takesTrailers } from './trailers.ts'
import { GatewayError } from '@octopus-gateway/core'
import { grpcStatusIn, grpcTrailers } from '@octopus-gateway/core/lane'
import type { Answer, Context } from '@octopus-gateway/core/lane'
import type { ClientResponse, Exchange } from './exchange.ts'
import type { FlowSink, Flow } from './flow.ts'
import type { OutgoingHttpHeaders } from 'node:http'
import type { HeaderList } from '@octopus-gateway/core'

/** Writes an answer to the client: the head, then the bytes as they come, in step with how fast the client reads. */
export function deliver(exchange: Exchange, answer: Answer<Flow>): void {
  const { res, ctx } = exchange
  const { head, flow } = answer
  if (res.destroyed || ctx.isFinished) {
    flow?.abort(ctx.ended ?? new GatewayError('CLIENT_CLOSED'))
    return
  }
  if (flow === null) {
    const { local } = answer
    writeHead(res, head.status, head.headers.flat)
    res.end(local)
    exchange.sent(local === null ? 0 : local.length)
    return
  }
  const whole = flow.takeWhole()
  writeHead(res, head.status, head.headers.flat)
  if (whole === null) {
    const sink = new ClientSink(exchange)
    sink.flow = flow
    flow.attach(sink)
    // A stream's head must not wait for its first byte.
    if (!ctx.isFinished && sink.bytes === 0) res.flushHeaders()
    return
  }
  endWith(res, head.headers, whole)
  exchange.sent(whole.length)
}

/** Writes a body that is here to its last byte behind a head that `writeHead` has set. */
export function endWith(res: ClientResponse, headers: HeaderList, whole: Buffer): void {
  if (isFramed(headers, whole)) writeWhole(res, whole)
  else res.end(whole)
}

/** Up to this size copying a body into one text is cheaper than writing two pieces. */
const TEXT_BYTES = 16 * 1024

/** Whether the head itself says where this body ends. */
function isFramed(headers: HeaderList, body: Buffer): boolean {
  return body.length > 0 && body.length <= TEXT_BYTES && headers.get('content-length') === String(body.length)
}

/**
 * Head and body as one text in one write, a tenth of the time of a small request: `end` would hand the socket two pieces to gather. `_send` is
 * what `end` itself calls; where a runtime has no such method, `end` does the same more slowly.
 */
function writeWhole(res: ClientResponse & { _send?(text: string, encoding: 'latin1'): void }, body: Buffer): void {
  if (res._send === undefined) {
    res.end(body)
    return
  }
  res._send(body.toString('latin1'), 'latin1')
  res.end()
}

/** A flat list is the form Node writes without a conversion; its types only know the pairs. */
export function writeHead(res: ClientResponse, status: number, flat: string[]): void {
  res.writeHead(status, flat as unknown as OutgoingHttpHeaders)
}

/** Hands pieces to the client's connection. */
export class ClientSink implements FlowSink {
  flow: { resume(): void } | null = null
  /** Bytes taken so far. */
  bytes = 0
  readonly #exchange: Exchange
  readonly #res: ClientResponse
  readonly #ctx: Context

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#res = exchange.res
    this.#ctx = exchange.ctx
  }

  chunk(bytes: Uint8Array): boolean {
    this.bytes += bytes.length
    this.#ctx.progressed()
    if (this.#res.write(bytes)) return true
    this.#ctx.stalled()
    this.#res.once('drain', () => {
      this.#ctx.progressed()
      this.flow?.resume()
    })
    return false
  }

  end(trailers: HeaderList | null): void {
    if (trailers !== null && this.#ctx.protocol === 'grpc') this.#ctx.grpcStatus = grpcStatusIn(trailers)
    if (trailers !== null && takesTrailers(this.#ctx)) this.#exchange.trailers(endToEndTrailers(trailers))
    this.#res.end()
    this.#exchange.sent(this.bytes)
  }

  fail(error: GatewayError): void {
    const { res } = this.#exchange
    this.#ctx.finish({ status: res.statusCode, bytesOut: this.bytes, error })
    if (this.#ctx.protocol === 'grpc' && mayHear(res, error)) endWithStatus(this.#exchange, error, this.bytes)
    else this.#exchange.cut()
  }
}

/** How long a client may take to read the end of a stream that broke. */
const LAST_WORDS_MS = 10_000

/** Whether a client is there that reads: to one that does not, and was therefore given up, nothing can be told. */
function mayHear(res: ClientResponse, error: GatewayError): boolean {
  return !res.destroyed && error.code !== 'CLIENT_CLOSED' && (error.code !== 'IDLE_TIMEOUT' || res.writableLength === 0)
}

/** A stream of gRPC that breaks ends with a status all the same: a reset would leave its client to guess. */
function endWithStatus(exchange: Exchange, error: GatewayError, bytesOut: number): void {
  const { res } = exchange
  exchange.trailers(grpcTrailers(error))
  res.end()
  exchange.sent(bytesOut)
  const timer = setTimeout(() => exchange.cut(), LAST_WORDS_MS)
  res.once('close', () => clearTimeout(timer))
}
