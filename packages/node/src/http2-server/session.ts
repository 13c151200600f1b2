import { Connection } from '../connection.ts'
import { constants } from 'node:http2'
import { CONNECTION_WINDOW_BYTES } from './settings.ts'
import { FloodGuard } from './flood-guard.ts'
import { GatewayError } from '@octopus-gateway/core'
import type { FloodKind } from './flood-guard.ts'
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { GatewayMetrics, Logger } from '@octopus-gateway/core'
import type { Patience } from '../serve-options.ts'
import type { Socket } from 'node:net'
import type { StreamExchange } from './stream-exchange.ts'

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants

/** No stream of a client is beyond it. */
const MAX_STREAM_ID = 2 ** 31 - 1
/** How long a client may take to read a goodbye, and the same when it has nothing under way. */
const FAREWELL_MS = 1_000
const FAREWELL_IDLE_MS = 30

/** What a session is told. */
export interface SessionOptions {
  /** `header` is for the preface and the settings behind it, `keepAlive` for how long a connection is kept without a stream. */
  readonly patience: Patience
  readonly log: Logger
  readonly metrics: GatewayMetrics
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
  #isRetiring = false
  #isEnding = false

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
    const { patience, metrics } = this.#options
    const late = setTimeout(() => {
      metrics.rejected('header_timeout')
      session.destroy()
    }, patience.header)
    session.once('remoteSettings', () => clearTimeout(late))
    session.once('close', () => clearTimeout(late))
    session.on('remoteSettings', () => this.count('settings'))
    session.on('ping', () => this.count('ping'))
    session.on('priority' as 'ping', () => this.count('priority'))
    session.on('timeout', () => this.#idle())
    session.setTimeout(patience.keepAlive)
    // The fourth argument is what Node's types do not know: the head as a flat list.
    const opened = (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]): void =>
      onStream(this, stream, raw)
    session.on('stream', opened as never)
  }

  /** Counts one thing of which a client may do so many; ends the connection when there were too many. */
  count(kind: FloodKind): void {
    if (this.#guard.allows(kind) || this.#session.destroyed) return
    this.#options.metrics.rejected('http2_flood')
    this.#options.log.warn('connection closed: too many frames of a kind', { kind, peer: this.#socket.remoteAddress })
    this.#session.destroy(new GatewayError('BAD_REQUEST', `Too many frames: ${kind}.`), NGHTTP2_ENHANCE_YOUR_CALM)
  }

  /** A stream was closed. */
  closed(exchange: StreamExchange): void {
    this.connection.end(exchange)
    // A client that has no use for what was pushed refuses it.
    if (exchange.stream.rstCode !== NGHTTP2_NO_ERROR && !exchange.isCut && !exchange.isPushed) this.count('reset')
  }

  /**
   * Nothing has moved for a while. Node tells nobody when nghttp2 has said goodbye to a client that breaks the rules, and reads no more: such a
   * connection, too, ends here.
   */
  #idle(): void {
    if (this.connection.size === 0) this.#retire()
    else this.#session.setTimeout(this.#options.patience.keepAlive)
  }

  /**
   * Says goodbye in two steps (RFC 9113, section 6.8): first that the client is to open no more streams, and when it has read that, which one
   * was the last. Streams are taken until the first step has left, which is a turn later; were a number named before that, the client would give
   * up some that are served. What comes behind it is left to nghttp2, which ignores it: the second step says that it may be sent elsewhere.
   */
  #retire(): void {
    const session = this.#session
    if (this.#isRetiring) return
    this.#isRetiring = true
    if (session.destroyed || session.closed) {
      this.#close()
      return
    }
    session.goaway(NGHTTP2_NO_ERROR, MAX_STREAM_ID)
    // Without a stream nghttp2 reads nothing more, neither an answer nor the end: the goodbye gets a moment to be read.
    const soon = (): void => void setTimeout(() => this.#close(), FAREWELL_IDLE_MS)
    if (this.connection.size === 0) {
      soon()
      return
    }
    this.connection.onIdle = soon
    const timer = setTimeout(() => this.#close(), FAREWELL_MS)
    session.once('close', () => clearTimeout(timer))
    session.ping(() => {
      clearTimeout(timer)
      this.#close()
    })
  }

  /** Takes no more streams; the connection ends when those under way have ended, at once when there is none. */
  #close(): void {
    if (!this.#session.destroyed) this.#session.close()
    // The client has nothing to wait for but may not close its side. Once: streams that still come would bring a listener of the socket each.
    if (this.connection.size > 0 || this.#isEnding) return
    this.#isEnding = true
    setImmediate(() => this.#socket.destroySoon())
  }
}

function ignore(): void {}
