import { Connection } from './connection.ts'
import { GatewayError } from '@octopus-gateway/core'
import { lingerAtEnd } from './linger.ts'
import { uploadOf } from './body.ts'
import { interimFields } from './interim.ts'
import type { Context } from '@octopus-gateway/core/lane'
import type { Exchange } from './exchange.ts'
import type { HeaderList, ResponseHead } from '@octopus-gateway/core'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NodeUpload } from './flow.ts'

/** A request of HTTP/1.1. */
export class MessageExchange implements Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly ctx: Context

  constructor(req: IncomingMessage, res: ServerResponse, ctx: Context) {
    this.req = req
    this.res = res
    this.ctx = ctx
  }

  get isReceived(): boolean {
    return this.req.complete
  }

  upload(limit: number): NodeUpload {
    return uploadOf(this.req, this.ctx, limit)
  }

  invite(): void {
    this.res.writeContinue()
  }

  inform(head: ResponseHead): void {
    const { req, res } = this
    // Clients of HTTP/1.0 know no interim answers (RFC 9110, section 15.2).
    if (req.httpVersionMinor === 0 || res.headersSent || res.destroyed) return
    const { link, ...others } = interimFields(head)
    if (link !== undefined) res.writeEarlyHints({ link, ...others })
  }

  mustEnd(isClosing: boolean): boolean {
    const { req, res } = this
    const { socket } = res
    if (socket === null) return isClosing
    const connection = Connection.of(socket)
    // The answer comes before the end of the request body: what is left of it must not be read as the next request.
    if (!req.complete) connection.isLast = true
    // Requests that came behind it, in a pipeline, are answered, too: the last of them says so.
    if (connection.newest !== this) return false
    if (connection.isLast) lingerAtEnd(req, socket)
    else if (!isClosing) return false
    // What comes after a client was told is no request any more (RFC 9112, section 9.6).
    connection.isLast = true
    return true
  }

  trailers(fields: HeaderList): void {
    // Node leaves them out where the body is not sent in chunks.
    this.res.addTrailers([...fields])
  }

  sent(bytesOut: number): void {
    const { res, ctx } = this
    const status = res.statusCode
    if (res.writableLength === 0) {
      ctx.finish({ status, bytesOut })
      return
    }
    ctx.flowing()
    ctx.stalled()
    res.once('finish', () => ctx.finish({ status, bytesOut }))
  }

  /** The only honest end of a body that is cut: no terminator, the connection goes. Where its close is the terminator, by a reset. */
  cut(): void {
    if (this.req.httpVersionMinor === 0) this.res.socket?.resetAndDestroy()
    this.res.destroy()
  }

  abandon(): void {
    const { ctx, res } = this
    if (ctx.isFinished) return
    ctx.end(new GatewayError('CLIENT_CLOSED'))
    ctx.finish({ status: res.headersSent ? res.statusCode : 499, bytesOut: 0 })
  }
}
