import { codeWhole, CodingSink, ONE_GO_BYTES } from './compress.ts'
import { GatewayError } from '@octopus-gateway/core'
import type { Answer, Context } from '@octopus-gateway/core/lane'
import type { Exchange } from './connection.ts'
import type { FlowSink, Flow } from './flow.ts'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Coding, HeaderList } from '@octopus-gateway/core'

/** Writes an answer to the client: the head, then the bytes as they come, in step with how fast the client reads. */
export function deliver(exchange: Exchange, answer: Answer<Flow>): void {
  const { res, ctx } = exchange
  const { head, flow } = answer
  if (res.destroyed || ctx.isFinished) {
    flow?.abort(ctx.ended ?? new GatewayError('CLIENT_CLOSED'))
    return
  }
  if (answer.coding !== null) {
    deliverCoded(exchange, answer, answer.coding)
    return
  }
  if (flow === null) {
    const { local } = answer
    writeHead(res, head.status, head.headers.flat)
    res.end(local)
    finishSent(exchange, local === null ? 0 : local.length)
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
  finishSent(exchange, whole.length)
}

/** The same for a body that is coded on its way; the head says so already. */
function deliverCoded(exchange: Exchange, { head, flow, local }: Answer<Flow>, coding: Coding): void {
  const whole = flow === null ? Buffer.from(local ?? '') : flow.takeWhole()
  if (whole !== null && whole.length <= ONE_GO_BYTES) {
    const coded = codeWhole(coding, whole)
    head.headers.set('content-length', String(coded.length))
    writeHead(exchange.res, head.status, head.headers.flat)
    endWith(exchange.res, head.headers, coded)
    finishSent(exchange, coded.length)
    return
  }
  writeHead(exchange.res, head.status, head.headers.flat)
  const { sink, coder } = codingTo(exchange, coding)
  if (whole !== null) {
    exchange.ctx.flowing()
    coder.chunk(whole)
    coder.end(null)
    return
  }
  coder.flow = flow
  flow!.attach(coder)
  if (!exchange.ctx.isFinished && sink.bytes === 0) exchange.res.flushHeaders()
}

/** The way of a coded body to the client. Let go of with the connection. */
export function codingTo(exchange: Exchange, coding: Coding): { readonly sink: ClientSink; readonly coder: CodingSink } {
  const sink = new ClientSink(exchange)
  const coder = new CodingSink(coding, sink)
  sink.flow = coder
  exchange.res.once('close', () => coder.close())
  return { sink, coder }
}

/** Writes a body that is here to its last byte behind a head that `writeHead` has set. */
export function endWith(res: ServerResponse, headers: HeaderList, whole: Buffer): void {
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
function writeWhole(res: ServerResponse & { _send?(text: string, encoding: 'latin1'): void }, body: Buffer): void {
  if (res._send === undefined) {
    res.end(body)
    return
  }
  res._send(body.toString('latin1'), 'latin1')
  res.end()
}

/** A flat list is the form Node writes without a conversion; its types only know the pairs. */
export function writeHead(res: ServerResponse, status: number, flat: string[]): void {
  res.writeHead(status, flat as unknown as OutgoingHttpHeaders)
}

/** Finishes a request whose answer has been handed to Node to the end, once the client has taken it: its patience still counts. */
export function finishSent({ res, ctx }: Exchange, bytesOut: number): void {
  const status = res.statusCode
  if (res.writableLength === 0) {
    ctx.finish({ status, bytesOut })
    return
  }
  ctx.flowing()
  ctx.stalled()
  res.once('finish', () => ctx.finish({ status, bytesOut }))
}

/** Hands pieces to the client's connection. */
export class ClientSink implements FlowSink {
  flow: { resume(): void } | null = null
  /** Bytes taken so far. */
  bytes = 0
  readonly #exchange: Exchange
  readonly #res: ServerResponse
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

  end(): void {
    this.#res.end()
    finishSent(this.#exchange, this.bytes)
  }

  fail(error: GatewayError): void {
    this.#ctx.finish({ status: this.#res.statusCode, bytesOut: this.bytes, error })
    this.#exchange.cut()
  }
}
