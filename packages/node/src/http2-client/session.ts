import { connect } from 'node:http2'
import { keepEnd } from './whole.ts'
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2'
import type { EndedStream } from './whole.ts'
import type { GatewayError } from '@octopus-gateway/core'
import type { Socket } from 'node:net'

/**
 * What a slow client may leave unread of one answer. Not a round number: a server on `node:http2` whose answer fills the
 * window to the byte sends RST_STREAM(NO_ERROR) in place of END_STREAM, and whole answers of round sizes would count as cut.
 */
const STREAM_WINDOW = 256 * 1024 - 5
/** The same for all answers of a connection together: what one client does not read must not stop the others. */
const SESSION_WINDOW = 16 * 1024 * 1024
const MOST_ANSWER_FIELDS = 256
const MOST_ANSWER_HEAD_BYTES = 64 * 1024
/** Megabytes; Node's 10 would refuse streams long before the windows are full. */
const SESSION_MEMORY = 64

/** How long the first SETTINGS may take once the connection stands. */
const READY_MS = 10_000

/** HTTP/2 servers close connections on which many streams are reset (CVE-2023-44487). A proxy gathers the cancels of all its clients. */
const CANCEL_BURST = 500
const CANCELS_PER_SECOND = 20

/** How long the answer to a ping may take, and how soon another may follow: gRPC servers close connections that ping often. */
const PONG_MS = 5_000
const PING_PAUSE_MS = 60_000

/** Told of what becomes of a session. */
export interface SessionOwner {
  /** The upstream's first SETTINGS have come: it speaks HTTP/2, and its limits are known. */
  ready(session: H2Session): void
  /** There is room for another stream again, or a new limit. */
  freed(session: H2Session): void
  /** No new streams from now on. */
  leaving(session: H2Session): void
  /** The connection is gone. */
  gone(session: H2Session): void
}

/** One HTTP/2 connection to an endpoint with what Node does not keep account of. */
export class H2Session {
  /** Streams under way. */
  streams = 0
  /** When the last stream ended, in monotonic milliseconds. */
  idleSince = performance.now()
  /** The highest stream that the upstream looks at; lowered by GOAWAY. */
  lastStreamId = Infinity
  readonly #session: ClientHttp2Session
  readonly #owner: SessionOwner
  #isReady = false
  #isRetired = false
  #error: Error | null = null
  #cancels = CANCEL_BURST
  #cancelsAt = performance.now()
  #pingAt = -Infinity
  #pong: ReturnType<typeof setTimeout> | null = null

  constructor(origin: string, socket: Socket, owner: SessionOwner) {
    this.#owner = owner
    const session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: MOST_ANSWER_HEAD_BYTES },
      maxHeaderListPairs: MOST_ANSWER_FIELDS,
      maxSessionMemory: SESSION_MEMORY,
    })
    this.#session = session
    session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW))
    const timer = setTimeout(() => this.destroy(new Error(`no SETTINGS within ${READY_MS} ms`)), READY_MS)
    session.on('remoteSettings', () => {
      if (this.#isReady) {
        owner.freed(this)
        return
      }
      this.#isReady = true
      clearTimeout(timer)
      owner.ready(this)
    })
    session.on('goaway', (_code: number, lastStreamId: number) => {
      this.lastStreamId = Math.min(this.lastStreamId, lastStreamId)
      this.#leave()
    })
    session.on('error', (error: Error) => {
      this.#error = error
    })
    session.once('close', () => {
      clearTimeout(timer)
      if (this.#pong !== null) clearTimeout(this.#pong)
      owner.gone(this)
    })
  }

  /** Whether new streams are welcome, apart from their number. */
  get isOpen(): boolean {
    return !this.#isRetired && !this.#session.closed && !this.#session.destroyed
  }

  /** Streams the upstream allows at a time. */
  get limit(): number {
    return this.#session.remoteSettings.maxConcurrentStreams ?? Infinity
  }

  /** Whether the upstream takes extended CONNECT (RFC 8441, section 3). */
  get takesConnect(): boolean {
    return this.#session.remoteSettings.enableConnectProtocol === true
  }

  /** Bytes of a head the upstream takes. */
  get headLimit(): number {
    return this.#session.remoteSettings.maxHeaderListSize ?? Infinity
  }

  /** Why the connection went; `null` while it stands. */
  get lost(): Error | null {
    return this.#session.destroyed ? (this.#error ?? new Error('closed')) : null
  }

  /** Throws what `node:http2` throws, and nothing has been sent then. Every stream is given back with `release`. */
  request(headers: OutgoingHttpHeaders, endStream: boolean): EndedStream {
    const stream = keepEnd(this.#session.request(headers, { endStream }))
    this.streams += 1
    return stream
  }

  release(): void {
    this.streams -= 1
    if (this.streams === 0) this.idleSince = performance.now()
    if (this.isOpen) this.#owner.freed(this)
  }

  /** A stream was reset from here. Before the upstream takes offence the connection takes no new streams and ends with its last. */
  cancelled(): void {
    const now = performance.now()
    this.#cancels = Math.min(CANCEL_BURST, this.#cancels + ((now - this.#cancelsAt) * CANCELS_PER_SECOND) / 1_000) - 1
    this.#cancelsAt = now
    if (this.#cancels < 1) this.close()
  }

  /** An answer did not come in time: is anybody there? A connection whose other side vanished would swallow every request after this one. */
  doubt(): void {
    const now = performance.now()
    if (this.#pong !== null || !this.isOpen || now - this.#pingAt < PING_PAUSE_MS) return
    this.#pingAt = now
    const isSent = this.#session.ping(() => {
      if (this.#pong !== null) clearTimeout(this.#pong)
      this.#pong = null
    })
    if (isSent) this.#pong = setTimeout(() => this.destroy(new Error(`no answer to a ping within ${PONG_MS} ms`)), PONG_MS)
  }

  /** Ends with the last stream under way. */
  close(): void {
    this.#leave()
    this.#session.close()
  }

  /** Fails the streams under way. */
  destroy(error: Error | GatewayError): void {
    this.#error ??= error
    this.#session.destroy(error)
  }

  #leave(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#owner.leaving(this)
  }
}
