import { GatewayError } from '@octopus-gateway/core'
import type { Context, LaneHost, Peer } from '@octopus-gateway/core/lane'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** One request of a connection that has not been answered to its end. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly ctx: Context
}

const KEY = Symbol('octopus.connection')

/** A socket with what the gateway knows of it. */
type KnownSocket = Socket & { [KEY]?: Connection; readonly encrypted?: boolean }

/** A client's connection: who is at its other end, and which of its requests are under way. */
export class Connection {
  /** Nothing more is read from it: the answer under way is the last. */
  isLast = false
  readonly #socket: KnownSocket
  readonly #open = new Set<Exchange>()
  #peer: Peer | null = null
  #trusted: unknown = null

  private constructor(socket: KnownSocket) {
    this.#socket = socket
    // Node tells only the response that is on the socket of its end; those of pipelined requests behind it would never hear.
    socket.once('close', () => {
      for (const exchange of this.#open) abandon(exchange)
      this.#open.clear()
    })
  }

  static of(socket: Socket): Connection {
    return ((socket as KnownSocket)[KEY] ??= new Connection(socket as KnownSocket))
  }

  /** Requests under way. */
  get size(): number {
    return this.#open.size
  }

  /** The request that came last, the only one whose body can be incomplete. */
  get newest(): Exchange | undefined {
    let newest: Exchange | undefined
    for (const exchange of this.#open) newest = exchange
    return newest
  }

  begin(exchange: Exchange): void {
    this.#open.add(exchange)
  }

  /** The answer was sent to its end, or its connection went. */
  end(exchange: Exchange): void {
    abandon(exchange)
    this.#open.delete(exchange)
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

function abandon({ ctx, res }: Exchange): void {
  if (ctx.isFinished) return
  ctx.end(new GatewayError('CLIENT_CLOSED'))
  ctx.finish({ status: res.headersSent ? res.statusCode : 499, bytesOut: 0 })
}
