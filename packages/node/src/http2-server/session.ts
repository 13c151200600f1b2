import { Connection } from '../connection.ts'
import { constants } from 'node:http2'
import { CONNECTION_WINDOW_BYTES } from './settings.ts'
import { FloodGuard } from './flood-guard.ts'
import { GatewayError } from '@octopus-gateway/core'
import type { FloodKind } from './flood-guard.ts'
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Logger } from '@octopus-gateway/core'
import type { Socket } from 'node:net'
import type { StreamExchange } from './stream-exchange.ts'

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants

/** What a session is told. */
export interface SessionOptions {
  /** For the preface and the settings behind it, milliseconds. */
  readonly preface: number
  /** How long it is kept without a stream, milliseconds. */
  readonly keepAlive: number
  readonly log: Logger
}

/** A stream was opened; the flat list is its head. */
type OnStream = (session: Session, stream: ServerHttp2Stream, raw: readonly string[]) => void

/** One connection that speaks HTTP/2. */
export class Session {
  readonly connection: Connection
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  readonly #options: SessionOptions
  readonly #guard = new FloodGuard()

  constructor(socket: Socket, session: ServerHttp2Session, options: SessionOptions) {
    this.#socket = socket
    this.#session = session
    this.#options = options
    this.connection = Connection.of(socket)
    this.connection.retire = () => this.#retire()
  }

  /** Begins to take streams. */
  start(onStream: OnStream): void {
    const session = this.#session
    // What a client does wrong ends its connection; there is nobody else to tell.
    session.on('error', ignore)
    // A connection that was accepted for HTTP/1.1 stays half-open; here its end is that of every stream.
    this.#socket.once('end', () => this.#socket.destroy())
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    const late = setTimeout(() => session.destroy(), this.#options.preface)
    session.once('remoteSettings', () => clearTimeout(late))
    session.once('close', () => clearTimeout(late))
    session.on('remoteSettings', () => this.count('settings'))
    session.on('ping', () => this.count('ping'))
    session.on('timeout', () => this.#idle())
    session.setTimeout(this.#options.keepAlive)
    // The fourth argument is what Node's types do not know: the head as a flat list.
    const opened = (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]): void =>
      onStream(this, stream, raw)
    session.on('stream', opened as never)
  }

  /** Counts one thing of which a client may do so many; ends the connection when there were too many. */
  count(kind: FloodKind): void {
    if (this.#guard.allows(kind) || this.#session.destroyed) return
    this.#options.log.warn('connection closed: too many frames of a kind', { kind, peer: this.#socket.remoteAddress })
    this.#session.destroy(new GatewayError('BAD_REQUEST', `Too many frames: ${kind}.`), NGHTTP2_ENHANCE_YOUR_CALM)
  }

  /** A stream was closed. */
  closed(exchange: StreamExchange): void {
    this.connection.end(exchange)
    if (exchange.stream.rstCode !== NGHTTP2_NO_ERROR && !exchange.isCut) this.count('reset')
  }

  /**
   * Nothing has moved for a while. Node tells nobody when nghttp2 has said goodbye to a client that breaks the rules, and reads no more: such a
   * connection, too, ends here.
   */
  #idle(): void {
    if (this.connection.size === 0) this.#retire()
    else this.#session.setTimeout(this.#options.keepAlive)
  }

  /** Takes no more streams; the connection ends when those under way have ended, at once when there is none. */
  #retire(): void {
    this.#session.close()
    // The client has nothing to wait for but may not close its side.
    if (this.connection.size === 0) setImmediate(() => this.#socket.destroySoon())
  }
}

function ignore(): void {}
