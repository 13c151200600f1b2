import { GatewayError } from '@octopus-gateway/core'
import { Readable } from 'node:stream'
import type { Context, Upload } from '@octopus-gateway/core/lane'
import type { HeaderList } from '@octopus-gateway/core'
import type { IncomingMessage } from 'node:http'
import type { NodeUpload } from './flow.ts'
import type { Socket } from 'node:net'

/** The length of a request body (RFC 9112, section 6); `Infinity` when it is chunked. */
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
  if (length === Infinity && limit !== Infinity) countPieces(req, ctx, limit)
  return req
}

/**
 * Ends a body that will not be read any further: whoever reads it gets the error. Without its socket, because destroying a message of
 * `node:http` destroys the connection, on which an answer is still to be sent.
 */
export function failBody(req: IncomingMessage, error: GatewayError): void {
  if (req.destroyed) return
  Object.assign(req, { socket: null })
  req.destroy(error)
}

/** Counts on the way in, so that the stream stays untouched and another endpoint can still get it. */
function countPieces(req: IncomingMessage, ctx: Context, limit: number): void {
  let bytes = 0
  const push = req.push.bind(req)
  req.push = (chunk: Buffer | null, encoding) => {
    if (chunk !== null) bytes += chunk.length
    if (bytes <= limit) return push(chunk, encoding)
    const error = new GatewayError('BODY_TOO_LARGE')
    ctx.end(error)
    failBody(req, error)
    return false
  }
}

/** Keeps what is read of a body before it is forwarded, so that the upstream gets the same bytes after a middleware has parsed them. */
export class Recording {
  readonly #req: IncomingMessage
  readonly #socket: Socket
  readonly #push: IncomingMessage['push']
  #kept: Buffer[] = []

  constructor(req: IncomingMessage) {
    this.#req = req
    this.#socket = req.socket
    this.#push = req.push.bind(req)
    req.push = (chunk: Buffer | null, encoding) => {
      if (chunk !== null) this.#kept.push(chunk)
      return this.#push(chunk, encoding)
    }
  }

  /** The whole body: the message itself when nobody has read of it, otherwise what was read and then what is still to come. */
  get upload(): NodeUpload {
    const req = this.#req
    if (!req.readableDidRead && !req.destroyed) {
      req.push = this.#push
      return req
    }
    const kept = Buffer.concat(this.#kept)
    if (req.complete) return kept
    const socket = this.#socket
    const rest = new Readable({
      read() {
        socket.resume()
      },
    })
    rest.push(kept)
    req.push = (chunk: Buffer | null) => rest.push(chunk)
    return rest
  }
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
