import type { RetryBudget } from '../exchange/retry-budget.ts'
import { balancingPolicy } from './balancing.ts'
import { brokenEndpoint } from '../exchange/attempt.ts'
import { Choice } from './choice.ts'
import { DEFAULT_TRANSPORT } from './transport.ts'
import { healthPolicy } from './health.ts'
import { GatewayError } from '../errors.ts'
import { HealthWatch } from './health/watch.ts'
import { inSubset, isUntried } from './candidates.ts'
import { signOf } from './health/sign.ts'
import type { BalancingPolicy } from './balancing.ts'
import type { HealthPolicy } from './health.ts'
import type { ConcurrencyStatus, Upstream } from './upstream.ts'
import type { Attempt, RequestContext } from '../exchange/context.ts'
import type { Endpoint } from './endpoint.ts'
import type { ResponseHead } from '../exchange/head.ts'
import type { Limiter } from './health/limiter.ts'
import type { EndpointPool, EndpointStatus, HealthCounts, LiveEndpoint } from './endpoint-state.ts'
import type { Transport } from './transport.ts'
import type { UpstreamHandler } from './definition.ts'
import type { UpstreamContext } from './upstream-context.ts'

/** What of an upstream is settled when it is made. */
export interface UpstreamSettings {
  readonly handler: UpstreamHandler | null
  readonly hostMode: 'preserve' | 'upstream'
  readonly transport: Transport
  readonly balancing: BalancingPolicy
  readonly health: HealthPolicy
}

/** Those of an upstream that says nothing. */
export const PLAIN_SETTINGS: UpstreamSettings = {
  handler: null,
  hostMode: 'preserve',
  transport: DEFAULT_TRANSPORT,
  balancing: balancingPolicy({}, {}),
  health: healthPolicy([]),
}

/** An upstream with its endpoints' states and its balancer. */
export class LiveUpstream implements Upstream {
  readonly name: string
  readonly handler: UpstreamHandler | null
  readonly hostMode: 'preserve' | 'upstream'
  readonly transport: Transport
  readonly balancing: BalancingPolicy
  readonly health: HealthPolicy
  /** What is known of it beyond this generation. */
  readonly pool: EndpointPool
  readonly #watch: HealthWatch
  readonly #choice: Choice
  #endpoints: readonly LiveEndpoint[] = []
  /** What they were made of. */
  #given: readonly Endpoint[] = []

  constructor(name: string, pool: EndpointPool, settings: UpstreamSettings) {
    this.name = name
    this.pool = pool
    this.handler = settings.handler
    this.hostMode = settings.hostMode
    this.transport = settings.transport
    this.balancing = settings.balancing
    this.health = settings.health
    this.#watch = new HealthWatch(name, pool, settings.health)
    this.#choice = new Choice(name, settings.balancing)
  }

  get endpoints(): readonly LiveEndpoint[] {
    return this.#endpoints
  }

  /** Who may send a request; `null` when everybody may. */
  get limiter(): Limiter | null {
    return this.health.concurrency === null ? null : this.pool.limiter
  }

  /** How many requests may be repeated. */
  get retryBudget(): RetryBudget {
    return this.pool.retryBudget
  }

  get concurrency(): ConcurrencyStatus | null {
    return this.limiter?.status ?? null
  }

  get isChecked(): boolean {
    return this.health.check !== null
  }

  get counts(): Readonly<HealthCounts> {
    return this.pool.counts
  }

  /** Replaces all endpoints; returns whether anything changed. The balancer keeps its place when nothing did. */
  assign(endpoints: readonly Endpoint[]): boolean {
    this.pool.limiter.configure(this.health.concurrency)
    const given = this.#given
    this.#given = endpoints
    if (given.length === endpoints.length && given.every((one, index) => one === endpoints[index])) return false
    if (sameEndpoints(this.#endpoints, endpoints)) return false
    const before = this.#endpoints
    this.#endpoints = this.pool.adopt(endpoints)
    this.pool.release(before)
    this.#choice.assign(this.#endpoints, performance.now())
    return true
  }

  /**
   * The next endpoint not yet tried by this request. Healthy ones first; when all that are left are out, one that only could not be reached,
   * or only did worse than others, is tried all the same, because a likely failure is better than a certain one. An endpoint whose
   * connection broke is offered again when it is the only one, since a kept connection may end just as a request is sent (RFC 9112,
   * section 9.5). Where others wait for the outcome, what is returned is the endpoint with a trial, of this request alone.
   */
  pick(ctx: UpstreamContext): LiveEndpoint | undefined {
    const now = performance.now()
    const picked = this.#choice.pick(ctx, now) ?? brokenEndpoint(ctx.attempts)
    return picked === undefined ? undefined : this.#watch.chosen(picked, ctx, now)
  }

  /** Tells the client of a sticky upstream which endpoint has answered. Clients of gRPC keep no cookies. */
  stick(ctx: UpstreamContext, head: ResponseHead): void {
    const { sticky } = this.#choice
    if (sticky === null || ctx.protocol === 'grpc') return
    // All other attempts have been given up.
    const attempt = ctx.attempts.findLast(({ sending }) => sending !== null)
    if (attempt !== undefined) sticky.set(ctx, attempt.endpoint, head.headers)
  }

  /** An endpoint for a copy, which tries nothing and tells nothing about it; `undefined` when none accepts requests. */
  pickForCopy(ctx: RequestContext): LiveEndpoint | undefined {
    const now = performance.now()
    const picked = this.#choice.pickForCopy(ctx, now)
    return picked?.state.accepts(now) === true ? picked : undefined
  }

  /** A copy is over; what became of it says nothing about the endpoint, because nobody waited for it. */
  copyLeft(endpoint: LiveEndpoint): void {
    endpoint.state.active -= 1
  }

  /** Whether there is an endpoint that the request has not been sent to. */
  hasUntried(ctx: RequestContext): boolean {
    return this.#endpoints.some((endpoint) => endpoint.weight > 0 && isUntried(endpoint, ctx))
  }

  /** An attempt is sent to an endpoint. Matched by one `left`. */
  began(endpoint: LiveEndpoint): void {
    endpoint.state.active += 1
  }

  /** The head of an attempt came, or it failed before one: what is known of the endpoint follows from it. */
  attempted(endpoint: LiveEndpoint, attempt: Attempt, ctx: UpstreamContext): void {
    // A function in this process is not out of order because it answers 503: it means what it says.
    if (this.handler === null) this.#watch.attempted(endpoint, attempt, ctx, this.#endpoints)
    const sign = signOf(attempt, ctx)
    if (sign !== 'none') this.#choice.attempted(endpoint, { ms: attempt.ms, isGood: sign === 'good' }, performance.now())
  }

  /** The attempt is over, with its body; `error` when it failed, or its answer broke off. */
  left(endpoint: LiveEndpoint, error: GatewayError | undefined, ctx: UpstreamContext): void {
    endpoint.state.active -= 1
    if (this.handler === null) this.#watch.left(endpoint, error, ctx, this.#endpoints)
  }

  /** An endpoint was picked on trial, and nothing is sent to it after all. */
  notSent({ state, trial }: LiveEndpoint): void {
    if (trial !== undefined) state.circuit.giveBack(trial)
  }

  /** Why a request that was sent nowhere gets no endpoint. */
  nothingLeft({ route: { subset } }: RequestContext): GatewayError {
    const now = performance.now()
    const failing = this.#endpoints.filter(
      (endpoint) => endpoint.state.reason(now) === 'failing' && (subset === null || inSubset(endpoint, subset)),
    )
    if (failing.length === 0) return new GatewayError('NO_ENDPOINT', `No instance of upstream "${this.name}" is available.`)
    const soonest = Math.min(...failing.map(({ state }) => state.outFor(now)))
    return new GatewayError('CIRCUIT_OPEN', `What is left of upstream "${this.name}" keeps failing.`).comeAgainIn(soonest / 1_000)
  }

  status(now: number): EndpointStatus[] {
    return this.#endpoints.map(({ state, ...endpoint }) => ({
      ...endpoint,
      ...state.status(now),
    }))
  }

  /** Lets go of the endpoints' states; the upstream is not used after this. */
  dispose(): void {
    this.pool.release(this.#endpoints)
    this.#endpoints = []
    this.#choice.assign([], 0)
  }
}

function sameEndpoints(before: readonly Endpoint[], after: readonly Endpoint[]): boolean {
  return before.length === after.length && before.every((endpoint, index) => sameEndpoint(endpoint, after[index]!))
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.id === b.id &&
    a.origin === b.origin &&
    a.weight === b.weight &&
    a.zone === b.zone &&
    (a.priority ?? 0) === (b.priority ?? 0) &&
    JSON.stringify(a.labels) === JSON.stringify(b.labels)
  )
}
