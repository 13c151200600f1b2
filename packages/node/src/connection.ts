import { GatewayError } from '@octopus-gateway/core'
import type { ClientCertificate } from '@octopus-gateway/core'
import type { Context, LaneHost, Peer } from '@octopus-gateway/core/lane'
import type { Exchange } from './exchange.ts'
import type { Socket } from 'node:net'

const KEY = Symbol('octopus.connection')

/** A socket with what the gateway knows of it. */
type KnownSocket = Socket & { [KEY]?: Connection; readonly encrypted?: boolean }

/** What a TLS handshake has settled. */
export interface Secured {
  /** The client's certificate, when one was asked for, shown and verified. */
  readonly certificate: ClientCertificate | undefined
  /** When it ends to be valid: Unix milliseconds. */
  readonly until: number
  /** Whether a request for this host belongs on a connection with another certificate. */
  isForeign(host: string): boolean
}

/** A client's connection: who is at its other end, and which of its requests are under way. */
export class Connection {
  /** Nothing more is read from it: the answer under way is the last. */
  isLast = false
  /** Called when no request is under way any more: what waits for that takes the connection over. */
  onIdle: (() => void) | null = null
  /** Set where the protocol can say goodbye: no more requests are taken, and the connection ends when those under way have ended. */
  retire: (() => void) | null = null
  /** Set on a connection over TLS. */
  secured: Secured | null = null
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

  /** The request whose answer is being sent. */
  get oldest(): Exchange | undefined {
    return this.#open[0]
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
    if (this.#open.length === 0) this.onIdle?.()
  }

  peer(lanes: LaneHost): Peer {
    const { trusted } = lanes.opener.shared
    if (this.#peer === null || this.#trusted !== trusted) {
      const secure = this.#socket.encrypted === true
      this.#peer = trusted.peer(this.#socket.remoteAddress ?? '', secure, this.secured?.certificate)
      this.#trusted = trusted
    }
    return this.#peer
  }

  /** RFC 9110, section 15.5.20: a host that another certificate stands for is not served here. */
  misdirected({ request }: Context): GatewayError | null {
    if (this.secured === null) return null
    const host = request.headers.get('host')
    return host !== undefined && this.secured.isForeign(host) ? new GatewayError('MISDIRECTED') : null
  }
}
