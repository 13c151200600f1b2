import { GatewayError } from '@octopus-gateway/core'
import { ignore } from './held.ts'
import { OneWay } from './one-way.ts'
import type { ClientEnd } from '../exchange.ts'
import type { Context } from '@octopus-gateway/core/lane'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import type { UpstreamEnd } from './upgrade-body.ts'

/** How long a peer may take to answer a goodbye, or to take the last bytes. */
const PARTING_MS = 2_000
/** How often a silent connection is asked whether its other end is still there: a tunnel has no time limit of its own. */
const KEEP_ALIVE_MS = 60_000

/** The two ends of a tunnel. */
export interface Ends {
  readonly client: ClientEnd
  readonly upstream: UpstreamEnd
}

/** How a tunnel was over. */
export interface Passed {
  readonly bytesOut: number
  readonly error?: GatewayError
}

/**
 * Two connections as one: bytes pass as they come, each way at the pace of its reader, each way to its own end. Of the WebSocket frames only
 * the borders are watched, so that both peers can be told to go.
 */
export class Tunnel {
  readonly #ctx: Context
  readonly #ends: Ends
  readonly #up: OneWay
  readonly #down: OneWay
  readonly #over: (passed: Passed) => void
  #isOver = false
  #isHalfClosed = false
  #parting: ReturnType<typeof setTimeout> | null = null

  constructor(ctx: Context, ends: Ends, over: (passed: Passed) => void) {
    const client = ends.client.duplex
    const { upstream } = ends
    this.#ctx = ctx
    this.#ends = ends
    this.#over = over
    const moved = (): void => this.#moved()
    const ended = (): void => this.#ended()
    const closing = (): void => this.#closing()
    this.#up = new OneWay(client, upstream.duplex, { isMasked: true, moved, blocked() {}, ended, closing })
    this.#down = new OneWay(upstream.duplex, client, { isMasked: false, moved, blocked: () => ctx.stalled(), ended, closing })
    upstream.abort = (error) => this.#abort(error)
    for (const socket of [client, upstream.duplex] as (Duplex & Partial<Socket>)[]) {
      socket.on('error', ignore)
      socket.setTimeout?.(0)
      socket.setKeepAlive?.(true, KEEP_ALIVE_MS)
    }
    client.once('close', () => this.#closed(new GatewayError('CLIENT_CLOSED')))
    upstream.duplex.once('close', () => this.#closed(new GatewayError('UPSTREAM_RESET')))
  }

  /** Lets the bytes pass. `over` may be called at once. */
  start(): void {
    const { client, upstream } = this.#ends
    if (client.duplex.destroyed) this.#closed(new GatewayError('CLIENT_CLOSED'))
    else if (upstream.duplex.destroyed) this.#closed(new GatewayError('UPSTREAM_RESET'))
    else {
      this.#up.start(client.early)
      this.#down.start(upstream.early)
    }
  }

  /** Tells both peers that the gateway goes away (Close 1001), as soon as no frame is under way, and lets them finish. */
  goodbye(): void {
    this.#down.goodbye()
    this.#up.goodbye()
  }

  #moved(): void {
    this.#ctx.progressed()
    if (this.#isHalfClosed) this.#ctx.atLatest(performance.now() + this.#ctx.route.idleTimeout)
  }

  /** One side has said all it had to. What the other still says is carried, but a silence is no longer that of a tunnel. */
  #ended(): void {
    this.#isHalfClosed = true
    this.#moved()
  }

  /** A connection on which both Close frames have passed is ended by its server (RFC 6455, section 7.1.1); ours are ended here. */
  #closing(): void {
    if (this.#down.hasLeft && this.#up.hasClosed) this.#ends.client.duplex.end()
    if (this.#up.hasLeft && this.#down.hasClosed) this.#ends.upstream.duplex.end()
  }

  #abort(error: GatewayError): void {
    if (error.code !== 'IDLE_TIMEOUT') {
      this.#destroy(error)
      return
    }
    this.goodbye()
    this.#parting ??= setTimeout(() => this.#destroy(error), PARTING_MS)
  }

  #closed(error: GatewayError): void {
    if (this.#isOver) return
    const isClean = (this.#up.isEnded && this.#down.isEnded) || (this.#up.hasClosed && this.#down.hasClosed)
    const { client, upstream } = this.#ends
    if (isClean) part(upstream.duplex)
    else upstream.cut()
    // What a broken upstream has said before is still the client's.
    if (isClean || client.duplex.writableLength > 0) part(client.duplex)
    else client.abort()
    this.#finish(isClean ? null : error)
  }

  #destroy(error: GatewayError): void {
    this.#ends.client.abort()
    this.#ends.upstream.cut()
    this.#finish(error)
  }

  #finish(error: GatewayError | null): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#parting !== null) clearTimeout(this.#parting)
    const bytesOut = this.#down.bytes
    this.#over(error === null ? { bytesOut } : { bytesOut, error })
  }
}

/** Closes a connection when its peer has taken what was written, or takes too long. */
function part(socket: Duplex): void {
  if (socket.destroyed) return
  if (socket.writableFinished) {
    socket.destroy()
    return
  }
  const timer = setTimeout(() => socket.destroy(), PARTING_MS)
  socket.once('close', () => clearTimeout(timer))
  socket.once('finish', () => socket.destroy())
  socket.end()
}
