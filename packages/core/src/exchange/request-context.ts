import { isRequestId, randomId, traceIdOf } from './ids.ts'
import { ERRORS, GatewayError } from '../errors.ts'
import { clientBehind } from './client.ts'
import { GRPC_STATUS, grpcStatusOf } from './grpc.ts'
import { isRepeatable } from './repeatable.ts'
import { leave } from './attempt-steps.ts'
import { parseGrpcTimeout } from './grpc-timeout.ts'
import type { Attempting } from './attempt-steps.ts'
import type { Client, Peer, TrustedProxies } from './client.ts'
import type { Copied, Copies } from './copies.ts'
import type { Deadlines, Timed } from './deadlines.ts'
import type { Guest, Limiter } from '../upstream/health/limiter.ts'
import type { LiveAttempt } from './attempt.ts'
import type { LiveEndpoint } from '../upstream/endpoint-state.ts'
import type { Generation } from '../snapshot/current.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { Logger } from '../log/logger.ts'
import type { Informed } from './wire.ts'
import type { CompiledRoute, Match } from '../routing/compiled-route.ts'
import type { Mirror } from '../routing/route.ts'
import type { Outcome } from './context.ts'
import type { Coding, ContentCoding, Protocol, RequestHead } from './head.ts'
import type { Slot } from './slots.ts'

/** What every request of a gateway shares. */
export interface Shared {
  readonly deadlines: Deadlines
  readonly copies: Copies
  readonly log: Logger
  readonly trusted: TrustedProxies
  /** Called once for every request, after its last byte or its abort. */
  finished(ctx: Context, outcome: Outcome): void
}

/** How much of a request body has come, told by the lane; `null` when there is no body. */
export interface Upload {
  readonly complete: boolean
  /** Bytes received so far on this request's connection: only compared with itself. */
  readonly bytes: number
  /** The upstream does not take more at the moment. */
  readonly blocked: boolean
}

/** Other implementations of gRPC say so, too. */
const BAD_GRPC_TIMEOUT = { ...ERRORS.BAD_HEADER, grpcStatus: GRPC_STATUS.internal }
const CALL_EXPIRED = 'The time that the client gave the call has passed (grpc-timeout).'
const NO_ATTEMPTS: LiveAttempt[] = []
const NO_CODINGS: readonly ContentCoding[] = []

/** What a context is made of. */
export interface Given {
  readonly match: Match
  readonly request: RequestHead
  readonly peer: Peer
  readonly protocol: Protocol
  readonly isPreflight: boolean
  /** Fields of the request that only the gateway may set, as the client spelled them, in lower case; they are gone from `request`. */
  readonly taken: readonly string[] | null
}

/** The inside of a `RequestContext`: what lanes and the engine need beyond what plugins see. */
export class Context implements Attempting, Copied, Timed, Guest {
  readonly route: CompiledRoute
  readonly upstream: LiveUpstream
  readonly params: Readonly<Record<string, string>>
  readonly request: RequestHead
  readonly client: Client
  readonly protocol: Protocol
  /** Whether this is a CORS preflight: `route` is that of the method it asks for. */
  readonly isPreflight: boolean
  /** Set by a lane that can compress. */
  codings: readonly ContentCoding[] = NO_CODINGS
  /** Whether the lane can code a body piece by piece, nothing held back. */
  codesStreams = true
  /** On the web lane: the coding that is applied to the body of the response on its way out; whoever applies it finishes the request. */
  coding: Coding | null = null
  /** Fields that a client sent and only the gateway may set; they are gone from `request`. `null` when it sent none. */
  readonly taken: readonly string[] | null
  /** Set by a lane whose client can be told of interim heads. */
  informed: Informed | null = null
  /** Who gets a copy of this request; chosen when it is forwarded. */
  mirror: Mirror | null = null
  /** The other end of the connection, which may be a proxy. */
  readonly peer: Peer
  readonly startedAt = performance.now()
  attempts: LiveAttempt[] = NO_ATTEMPTS
  /** How many attempts followed another that failed, and how many were made beside one. */
  retries = 0
  hedges = 0
  /** Picked and not sent to yet, where others wait for the outcome. */
  pending: LiveEndpoint | null = null
  waiting: { abort(error: GatewayError): void } | null = null
  place: Limiter | null = null
  /** When the request is given up, in monotonic milliseconds. */
  until = Infinity
  /** When it is looked at next: `until`, or before. */
  deadline = Infinity
  timedNext: Timed | null = null
  timedPrevious: Timed | null = null
  /** Set by a lane when the request has a body. */
  upload: Upload | null = null
  /** Set by the lane: the side of the client, told when a running body must be cut because nothing more of it will come. */
  downstream: { cut(error: GatewayError): void } | null = null
  /** Set by the lane: longest silence of the client in the middle of a message, milliseconds. */
  clientIdle = Infinity
  /** Set by the lane: lets go of what it holds for this request. */
  onFinish: (() => void) | null = null
  /** Why the request ended early, or `null`. */
  ended: GatewayError | null = null
  /** Whether the answer's body comes from an upstream; the web lane asks. */
  hasBody = false
  /** Whether a middleware put another body in place of the request's own: the length that the client declared is not its length. */
  isBodyReplaced = false
  /** The failure that was answered with a problem document, or `null`. */
  failure: GatewayError | null = null
  /** The status that gRPC's answer ended with, as far as it has. */
  grpcStatus: number | undefined = undefined

  readonly #shared: Shared
  readonly #lease: Generation
  #id: string | undefined
  #traceId: string | undefined
  #slots: Map<Slot<unknown>, unknown> | null = null
  #abort: AbortController | null = null
  #alarmAt = Infinity
  #onAlarm: (() => void) | null = null
  /** Ends a pause between two attempts. */
  #wake: (() => void) | null = null
  #uploaded = -1
  /** When a gRPC call must be over, by its client's word; `null` when that cannot be read. */
  #callDeadline: number | null = Infinity
  #isBody = false
  #isStream = false
  #isFinished = false

  constructor(shared: Shared, lease: Generation, given: Given) {
    this.#shared = shared
    this.#lease = lease
    this.route = given.match.route
    this.upstream = this.route.upstream as LiveUpstream
    this.params = given.match.params
    this.request = given.request
    this.protocol = given.protocol
    this.isPreflight = given.isPreflight
    this.taken = given.taken
    this.peer = given.peer
    this.client = given.peer.trusted ? clientBehind(given.peer, given.request.headers, shared.trusted) : given.peer
  }

  get id(): string {
    return (this.#id ??= this.#inboundId() ?? randomId())
  }

  set id(id: string) {
    this.#id = id
  }

  #inboundId(): string | undefined {
    const inbound = this.peer.trusted ? this.request.headers.get('x-request-id') : undefined
    return inbound !== undefined && isRequestId(inbound) ? inbound : undefined
  }

  get fromTrustedProxy(): boolean {
    return this.peer.trusted
  }

  get traceId(): string {
    if (this.#traceId === undefined) {
      const inbound = traceIdOf(this.request.headers.get('traceparent'))
      this.#traceId = inbound ?? (/^[\da-f]{32}$/.test(this.id) ? this.id : randomId())
    }
    return this.#traceId
  }

  get log(): Logger {
    return this.#shared.log
  }

  get copies(): Copies {
    return this.#shared.copies
  }

  /** Another lease on the generation of this request, for what goes on without it. Only while the request is not finished. */
  hold(): Generation {
    return this.#lease.acquire()
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController()
      if (this.ended !== null) this.#abort.abort(this.ended)
    }
    return this.#abort.signal
  }

  /** Whether the answer under way may be silent for long: a tunnel, a gRPC call, a stream of events. */
  get isStream(): boolean {
    return this.#isStream
  }

  get isFinished(): boolean {
    return this.#isFinished
  }

  get<T>(slot: Slot<T>): T | undefined {
    return this.#slots?.get(slot) as T | undefined
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots ??= new Map()
    this.#slots.set(slot, value)
  }

  /** Starts the clock towards the final response head. */
  start(): void {
    if (this.protocol === 'grpc') {
      const timeout = parseGrpcTimeout(this.request.headers.getAll('grpc-timeout'))
      this.#callDeadline = timeout === null ? null : this.startedAt + timeout
    }
    this.#expireAt(this.startedAt + (this.upload === null ? this.route.timeout : this.#uploadIdle))
    this.#shared.deadlines.watch(this)
  }

  #expireAt(deadline: number): void {
    this.until = Math.min(deadline, this.#callDeadline ?? Infinity)
    this.deadline = Math.min(this.until, this.#alarmAt)
  }

  /** Milliseconds until a gRPC call must be over; `Infinity` when its client set no time. */
  get callRemaining(): number {
    return (this.#callDeadline ?? Infinity) - performance.now()
  }

  /** Throws when a gRPC call is not to be made: its time has passed already, or cannot be read. */
  checkCall(): void {
    if (this.#callDeadline === null)
      throw new GatewayError('BAD_HEADER', 'The field grpc-timeout is malformed.', undefined, BAD_GRPC_TIMEOUT)
    if (this.callRemaining <= 0) throw new GatewayError('UPSTREAM_TIMEOUT', CALL_EXPIRED)
  }

  get #uploadIdle(): number {
    // A stream of messages may be silent for long.
    if (this.protocol === 'grpc') return this.route.streamIdleTimeout
    return Math.min(this.route.idleTimeout, this.clientIdle)
  }

  /** The last byte of the request body has come: from now on `timeout` counts. */
  received(): void {
    if (!this.#isBody) this.#expireAt(performance.now() + this.route.timeout)
  }

  /** Whether the request may be sent again after something of it was. */
  get isRepeatable(): boolean {
    return isRepeatable(this.protocol, this.request.method, this.route.idempotent)
  }

  /** An attempt begins. */
  began(attempt: LiveAttempt): void {
    if (this.attempts === NO_ATTEMPTS) this.attempts = [attempt]
    else this.attempts.push(attempt)
    if (this.pending === attempt.endpoint) this.pending = null
    this.upstream.began(attempt.endpoint)
  }

  /** Another attempt will follow: waits until it is time for it, or the request has ended. */
  async repeat(delay: number): Promise<void> {
    this.retries += 1
    if (delay === 0 || this.ended !== null) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }

  /** Calls `onAlarm` once when `at` has passed, unless the request has ended; up to a tick late. `Infinity` for not at all. */
  alarm(at: number, onAlarm: (() => void) | null): void {
    if (this.ended !== null || this.#isFinished) return
    this.#alarmAt = at
    this.#onAlarm = onAlarm
    this.deadline = Math.min(this.until, at)
  }

  /** The final head is on its way to the client: from now on only silence counts, and of a stream that may be silent not even that. */
  flowing(isStream = false): void {
    this.#isBody = true
    this.#isStream = isStream
    this.progressed()
  }

  /** A piece of a body moved. */
  progressed(): void {
    this.#expireAt(performance.now() + (this.#isStream ? this.route.streamIdleTimeout : this.route.idleTimeout))
  }

  /** It is given up when this has passed, if nothing else ends it before. */
  atLatest(deadline: number): void {
    this.#expireAt(Math.min(this.until, deadline))
  }

  /** The client does not read: from now on its patience counts, not the upstream's. */
  stalled(): void {
    this.#expireAt(performance.now() + this.clientIdle)
  }

  expire(now: number): void {
    if (now >= this.#alarmAt) {
      const onAlarm = this.#onAlarm
      this.alarm(Infinity, null)
      onAlarm?.()
    }
    if (now < this.until) return
    if (now >= (this.#callDeadline ?? Infinity)) {
      this.end(new GatewayError('UPSTREAM_TIMEOUT', CALL_EXPIRED))
      return
    }
    if (this.#isBody) {
      this.end(new GatewayError('IDLE_TIMEOUT'))
      return
    }
    const { upload } = this
    if (upload !== null && !upload.complete) {
      if (upload.bytes !== this.#uploaded) {
        this.#uploaded = upload.bytes
        this.#expireAt(now + this.#uploadIdle)
        return
      }
      this.end(new GatewayError(upload.blocked ? 'UPSTREAM_TIMEOUT' : 'REQUEST_TIMEOUT'))
      return
    }
    this.end(new GatewayError('UPSTREAM_TIMEOUT'))
  }

  /** Gives up the body of the upstream's answer without touching the client: another answer takes its place. */
  discard(error: GatewayError): void {
    for (const { sending } of this.attempts) sending?.abort(error)
    this.#isBody = false
  }

  /** Ends the request early: the attempt under way is given up, a running answer is cut. */
  end(error: GatewayError): void {
    if (this.ended !== null || this.#isFinished) return
    this.ended = error
    this.until = Infinity
    this.deadline = Infinity
    this.#alarmAt = Infinity
    this.#onAlarm = null
    this.#abort?.abort(error)
    for (const { sending } of this.attempts) sending?.abort(error)
    this.waiting?.abort(error)
    this.#wake?.()
    if (this.#isBody) this.downstream?.cut(error)
  }

  /** The status a gRPC client has seen, or makes of an answer that broke off. */
  #endedWith(error: GatewayError | undefined): number {
    return this.grpcStatus ?? (error === undefined ? GRPC_STATUS.unknown : grpcStatusOf(error))
  }

  /** The only end of a request, called from one place per lane; later calls do nothing. */
  finish(outcome: { status: number; bytesOut: number; error?: GatewayError }): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#shared.deadlines.unwatch(this)
    const error = outcome.error ?? this.ended ?? this.failure ?? undefined
    for (const attempt of this.attempts) leave(this, attempt, error)
    if (this.pending !== null) this.upstream.notSent(this.pending)
    this.place?.leave(this)
    this.#onAlarm = null
    this.downstream = null
    this.onFinish?.()
    if (outcome.error !== undefined) this.#abort?.abort(outcome.error)
    try {
      this.#shared.finished(this, {
        status: outcome.status,
        ms: performance.now() - this.startedAt,
        bytesOut: outcome.bytesOut,
        ...(this.protocol === 'grpc' ? { grpcStatus: this.#endedWith(error) } : {}),
        ...(error === undefined ? {} : { error }),
      })
    } finally {
      this.#lease.release()
    }
  }
}
