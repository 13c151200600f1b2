import { GatewayError } from '@octopus-gateway/core'
import type { Context, LaneHost, Peer } from '@octopus-gateway/core/lane'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** One request of a connection that has not been answered to its end. */
export class Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly ctx: Context

  constructor(req: IncomingMessage, res: ServerResponse, ctx: Context) {
    this.req = req
    this.res = res
    this.ctx = ctx
  }

  /** The only honest end of a body that is cut: no terminator, the connection goes. Where its close is the terminator, by a reset. */
  cut(): void {
    if (this.req.httpVersionMinor === 0) this.res.socket?.resetAndDestroy()
    this.res.destroy()
  }

  /** Nobody takes the answer any more. */
  abandon(): void {
    const { ctx, res } = this
    if (ctx.isFinished) return
    ctx.end(new GatewayError('CLIENT_CLOSED'))
    ctx.finish({ status: res.headersSent ? res.statusCode : 499, bytesOut: 0 })
  }
}

const KEY = Symbol('octopus.connection')

/** A socket with what the gateway knows of it. */
type KnownSocket = Socket & { [KEY]?: Connection; readonly encrypted?: boolean }

/** A client's connection: who is at its other end, and which of its requests are under way. */
export class Connection {
  /** Nothing more is read from it: the answer under way is the last. */
  isLast = false
  readonly #socket: KnownSocket
  /**
   * Usually one. A list, not a set: a set that lives long and changes often leaves a chain of old tables behind it, and through them every
   * request of the connection would live until the next full collection.
   */
  readonly #open: Exchange[] = []
  #peer: Peer | null = null
  #trusted: unknown = null

  private constructor(socket: KnownSocket) {
    this.#socket = socket
    // Node tells only the response that is on the socket of its end; those of pipelined requests behind it would never hear.
    socket.once('close', () => {
      for (const exchange of this.#open.splice(0)) exchange.abandon()
    })
  }

  static of(socket: Socket): Connection {
    return ((socket as KnownSocket)[KEY] ??= new Connection(socket as KnownSocket))
  }

  /** Requests under way. */
  get size(): number {
    return this.#open.length
  }

  /** The request that came last, the only one whose body can be incomplete. */
  get newest(): Exchange | undefined {
    return this.#open.at(-1)
  }

  begin(exchange: Exchange): void {
    this.#open.push(exchange)
  }

  /** The answer was sent to its end, or its connection went. */
  end(exchange: Exchange): void {
    exchange.abandon()
    if (this.#open.at(-1) === exchange) this.#open.pop()
    else if (this.#open.includes(exchange)) this.#open.splice(this.#open.indexOf(exchange), 1)
  }

  peer(lanes: LaneHost): Peer {
    const { trusted } = lanes.opener.shared
    if (this.#peer === null || this.#trusted !== trusted) {
      this.#peer = trusted.peer(this.#socket.remoteAddress ?? '', this.#socket.encrypted === true)
      this.#trusted = trusted
    }
    return this.#peer
  }
}
