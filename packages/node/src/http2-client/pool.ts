import { dial } from '../connect/dial.ts'
import { GatewayError } from '@octopus-gateway/core'
import { H2Session } from './session.ts'
import { Tickets } from '../connect/tickets.ts'
import type { SessionOwner } from './session.ts'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Transport } from '@octopus-gateway/core'

/** Somebody who wants a stream. */
export interface Waiter {
  /** Milliseconds it waits for a connection. */
  readonly connectTimeout: number
  begin(session: H2Session): void
  /** There is no stream; nothing has been sent. */
  refuse(error: GatewayError): void
}

/** TLS agreed on HTTP/1.1 where both were offered. */
export class NotHttp2 extends GatewayError {
  constructor(origin: string, agreed: string) {
    super('UPSTREAM_PROTOCOL', `${origin} does not speak HTTP/2 (TLS agreed on ${agreed})`)
  }
}

const CLOSING = new GatewayError('UPSTREAM_CONNECT', 'the gateway is closing')

/** Up to this many streams share a connection before another is opened, and up to this many are opened for that reason. */
const SPREAD_STREAMS = 100
const SPREAD_SESSIONS = 8
/** Connections to one origin at the most. */
const MOST_SESSIONS = 100
/** Longest time to establish a connection. Those who wait for it have limits of their own. */
const CONNECT_MS = 10_000
/** How long an idle connection is kept. */
const IDLE_MS = 60_000
/** After a failure beside working connections. */
const CONNECT_PAUSE_MS = 1_000

/** The connections to one origin. Streams go to the least busy; another connection is made when all are full, and then one waits. */
export class H2Pool implements SessionOwner {
  readonly #origin: string
  readonly #transport: Transport
  readonly #sessions: H2Session[] = []
  /** No new streams, but some under way. */
  readonly #leaving = new Set<H2Session>()
  readonly #connecting = new Set<{ destroy(error?: Error): unknown }>()
  readonly #tickets = new Tickets()
  readonly #waiting = new Map<Waiter, ReturnType<typeof setTimeout>>()
  #streamsEach = SPREAD_STREAMS
  #connectAfter = 0
  #isClosing = false

  constructor(origin: string, transport: Transport) {
    this.#origin = origin
    this.#transport = transport
  }

  get isEmpty(): boolean {
    return this.#sessions.length === 0 && this.#leaving.size === 0 && this.#connecting.size === 0 && this.#waiting.size === 0
  }

  /** Calls `begin` at once when a connection has room. */
  acquire(waiter: Waiter): void {
    if (this.#isClosing) {
      waiter.refuse(CLOSING)
      return
    }
    const session = this.#pick()
    if (session !== undefined) {
      waiter.begin(session)
      return
    }
    this.#waiting.set(
      waiter,
      setTimeout(() => this.#timedOut(waiter), waiter.connectTimeout),
    )
    this.#grow()
  }

  /** It does not want a stream any more. */
  forget(waiter: Waiter): void {
    clearTimeout(this.#waiting.get(waiter))
    this.#waiting.delete(waiter)
  }

  /** Closes what has been idle for long. */
  sweep(now: number): void {
    for (const session of this.#sessions.slice()) if (session.streams === 0 && now - session.idleSince > IDLE_MS) session.close()
  }

  /** Ends every connection with its last stream. */
  close(): void {
    this.#isClosing = true
    this.#refuseAll(CLOSING)
    for (const connecting of this.#connecting) connecting.destroy()
    for (const session of this.#sessions.slice()) session.close()
  }

  destroy(error: GatewayError): void {
    for (const session of [...this.#sessions, ...this.#leaving]) session.destroy(error)
  }

  ready(session: H2Session): void {
    this.#streamsEach = Math.max(1, Math.min(SPREAD_STREAMS, session.limit))
    this.#sessions.push(session)
    this.#serve()
  }

  freed(): void {
    if (this.#waiting.size > 0) this.#serve()
  }

  leaving(session: H2Session): void {
    const index = this.#sessions.indexOf(session)
    if (index === -1) return
    this.#sessions.splice(index, 1)
    this.#leaving.add(session)
    this.#grow()
  }

  gone(session: H2Session): void {
    this.leaving(session)
    this.#leaving.delete(session)
  }

  #pick(): H2Session | undefined {
    const isSpread = this.#sessions.length + this.#connecting.size >= SPREAD_SESSIONS
    let best: H2Session | undefined
    for (const session of this.#sessions) {
      const { streams } = session
      if (streams >= session.limit || !session.isOpen || (!isSpread && streams >= SPREAD_STREAMS)) continue
      if (best === undefined || streams < best.streams) best = session
    }
    return best
  }

  #serve(): void {
    for (const waiter of this.#waiting.keys()) {
      const session = this.#pick()
      if (session === undefined) break
      this.forget(waiter)
      waiter.begin(session)
    }
    this.#grow()
  }

  #grow(): void {
    if (this.#isClosing || (this.#sessions.length > 0 && performance.now() < this.#connectAfter)) return
    const wanted = Math.ceil(this.#waiting.size / this.#streamsEach)
    while (this.#connecting.size < wanted && this.#sessions.length + this.#connecting.size < MOST_SESSIONS) this.#connect()
  }

  #connect(): void {
    const socket = dial(
      {
        origin: this.#origin,
        transport: this.#transport,
        alpn: this.#transport.protocol === 'auto' ? ['h2', 'http/1.1'] : ['h2'],
        timeout: CONNECT_MS,
        tickets: this.#tickets,
      },
      (error, connected) => {
        this.#connecting.delete(socket)
        if (error === null) this.#connected(connected)
        else this.#failed(error)
      },
    )
    this.#connecting.add(socket)
  }

  #connected(socket: Socket): void {
    const agreed = agreedOn(socket)
    if (agreed !== 'h2') {
      socket.destroy()
      this.#failed(new NotHttp2(this.#origin, agreed))
      return
    }
    const owner: SessionOwner = {
      ready: (session) => {
        this.#connecting.delete(session)
        this.ready(session)
      },
      freed: () => this.freed(),
      leaving: (session) => this.leaving(session),
      gone: (session) => {
        this.gone(session)
        if (!this.#connecting.delete(session)) return
        const reason = session.lost?.message ?? 'closed'
        this.#failed(
          new GatewayError('UPSTREAM_PROTOCOL', `${this.#origin} does not answer in HTTP/2: ${reason}`, session.lost ?? undefined),
        )
      },
    }
    const session = new H2Session(this.#origin, socket, owner)
    this.#connecting.add(session)
  }

  /** A connection could not be made. While others work, those who wait may still get a stream of them. */
  #failed(error: GatewayError): void {
    this.#connectAfter = performance.now() + CONNECT_PAUSE_MS
    if (this.#sessions.length === 0 && this.#connecting.size === 0) this.#refuseAll(error)
  }

  #timedOut(waiter: Waiter): void {
    this.#waiting.delete(waiter)
    const within = `within ${waiter.connectTimeout} ms`
    waiter.refuse(
      this.#sessions.length === 0
        ? new GatewayError('UPSTREAM_CONNECT', `${this.#origin}: no connection ${within}`)
        : new GatewayError('UPSTREAM_REFUSED', `${this.#origin}: all streams were in use, none became free ${within}`),
    )
  }

  #refuseAll(error: GatewayError): void {
    for (const waiter of this.#waiting.keys()) {
      this.forget(waiter)
      waiter.refuse(error)
    }
  }
}

/** Without TLS there is nothing to agree on: HTTP/2 is known beforehand. */
function agreedOn(socket: Socket): string {
  const { encrypted, alpnProtocol } = socket as TLSSocket
  return encrypted === true ? alpnProtocol || 'nothing' : 'h2'
}
