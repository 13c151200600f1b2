import { GatewayError } from '@octopus-gateway/core'
import { Transform } from 'node:stream'
import type { Context, Upload } from '@octopus-gateway/core/lane'
import type { HeaderList } from '@octopus-gateway/core'
import type { IncomingMessage } from 'node:http'
import type { NodeUpload } from './undici-wire.ts'
import type { Socket } from 'node:net'

/** Whether a request has a body (RFC 9112, section 6). `null` when its declared length is over the limit. */
export function bodyLength(headers: HeaderList): number {
  const length = headers.get('content-length')
  if (length !== undefined) return Number(length)
  return headers.has('transfer-encoding') ? Infinity : 0
}

/** The body for the wire: the message itself, counted only where a limit must be kept that no declared length vouches for. */
export function uploadOf(req: IncomingMessage, ctx: Context, limit: number): NodeUpload {
  const length = bodyLength(ctx.request.headers)
  if (length === 0) return null
  ctx.upload = new IncomingUpload(req)
  req.once('end', () => ctx.received())
  // undici destroys a body it gives up; nobody else may be listening then.
  req.on('error', () => {})
  if (length !== Infinity || limit === Infinity) return req
  return req.pipe(new Counter(ctx, limit))
}

/** How far a request body has come, as the connection tells. */
class IncomingUpload implements Upload {
  readonly #req: IncomingMessage
  readonly #socket: Socket

  constructor(req: IncomingMessage) {
    this.#req = req
    this.#socket = req.socket
  }

  get complete(): boolean {
    return this.#req.complete
  }

  get bytes(): number {
    return this.#socket.bytesRead
  }

  get blocked(): boolean {
    return this.#req.readableFlowing === false
  }
}

class Counter extends Transform {
  readonly #ctx: Context
  readonly #limit: number
  #bytes = 0

  constructor(ctx: Context, limit: number) {
    super()
    this.#ctx = ctx
    this.#limit = limit
  }

  override _transform(chunk: Buffer, _encoding: string, callback: (error: Error | null, chunk?: Buffer) => void): void {
    this.#bytes += chunk.length
    if (this.#bytes <= this.#limit) {
      callback(null, chunk)
      return
    }
    const error = new GatewayError('BODY_TOO_LARGE')
    this.#ctx.end(error)
    callback(error)
  }
}
