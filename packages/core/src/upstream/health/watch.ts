import { mostEjected } from './outlier.ts'
import { signOf, signOfEnd } from './sign.ts'
import type { Attempt } from '../../exchange/context.ts'
import type { EndpointPool, LiveEndpoint } from '../endpoint-state.ts'
import type { GatewayError } from '../../errors.ts'
import type { HealthPolicy } from '../health.ts'
import type { LogLevel } from '../../log/logger.ts'
import type { Outage } from './circuit.ts'
import type { UpstreamContext } from '../upstream-context.ts'

/** Turns what requests meet at the endpoints of an upstream into their states, and tells the log of every change. */
export class HealthWatch {
  readonly #name: string
  readonly #pool: EndpointPool
  readonly #policy: HealthPolicy

  constructor(name: string, pool: EndpointPool, policy: HealthPolicy) {
    this.#name = name
    this.#pool = pool
    this.#policy = policy
  }

  /** An endpoint was picked. Where others wait for the outcome the request gets an endpoint of its own, with a trial. */
  chosen(picked: LiveEndpoint, ctx: UpstreamContext, now: number): LiveEndpoint {
    const { circuit, outlier } = picked.state
    if (outlier.isOut && now >= outlier.ejectedUntil) {
      outlier.isOut = false
      this.#tell('info', 'instance is among the others again', picked, {})
    }
    const trial = circuit.begin(now)
    if (trial === null) return picked
    const tried: LiveEndpoint = { ...picked, trial }
    if (ctx.pending !== null) giveBack(ctx.pending)
    ctx.pending = tried
    return tried
  }

  /** The head of an attempt came, or it failed before one. */
  attempted(endpoint: LiveEndpoint, attempt: Attempt, ctx: UpstreamContext, all: readonly LiveEndpoint[]): void {
    const { circuit } = endpoint.state
    const trial = endpoint.trial ?? null
    const before = circuit.outage
    const sign = signOf(attempt, ctx)
    switch (sign) {
      case 'good':
        if (circuit.succeeded(trial)) this.#changed(endpoint, before, '')
        break
      case 'unwell':
        if (circuit.succeeded(trial)) this.#changed(endpoint, before, '')
        this.#compare(endpoint, reasonOf(attempt), all)
        break
      case 'failed':
        if (circuit.failed(performance.now(), trial, this.#policy.breaker)) this.#changed(endpoint, before, reasonOf(attempt))
        this.#compare(endpoint, reasonOf(attempt), all)
        break
      case 'unreachable':
        if (circuit.unreachable(performance.now(), trial, this.#policy.breaker)) this.#changed(endpoint, before, reasonOf(attempt))
        break
      case 'none':
    }
    giveBack(endpoint)
  }

  /** An attempt is over with its body. */
  left(endpoint: LiveEndpoint, error: GatewayError | undefined, ctx: UpstreamContext, all: readonly LiveEndpoint[]): void {
    giveBack(endpoint)
    const { circuit, outlier } = endpoint.state
    // The usual case: a good end after good ends.
    if (error === undefined && ctx.protocol !== 'grpc' && circuit.cuts === 0 && this.#policy.outliers === null) return
    const attempt = ctx.attempts.findLast((one) => one.endpoint === endpoint)
    // What failed at its head has been counted.
    if (attempt === undefined || signOf(attempt, ctx) !== 'good') return
    const sign = signOfEnd(error, ctx)
    if (sign === 'good') {
      circuit.completed()
      if (this.#policy.outliers !== null) outlier.good(performance.now(), this.#policy.outliers)
      return
    }
    if (sign === 'none') return
    const reason = error?.message ?? `gRPC status ${ctx.grpcStatus}`
    if (sign === 'failed' && circuit.cut(performance.now(), this.#policy.breaker)) this.#changed(endpoint, null, reason)
    this.#compare(endpoint, reason, all)
  }

  /** A failure counts in comparison with the other endpoints, too. */
  #compare(endpoint: LiveEndpoint, last: string, all: readonly LiveEndpoint[]): void {
    const { outliers } = this.#policy
    if (outliers === null) return
    const { outlier } = endpoint.state
    const now = performance.now()
    const why = outlier.bad(now, outliers)
    if (why === null) return
    const out = all.filter(({ state }) => now < state.outlier.ejectedUntil).length
    if (out >= mostEjected(all.length, outliers)) return
    outlier.eject(now, outliers)
    this.#pool.counts.ejected += 1
    this.#tell('warn', 'instance does worse than the others and is left out', endpoint, {
      reason: `${why}; the last: ${last}`,
      for_ms: Math.round(outlier.ejectedUntil - now),
    })
  }

  #changed(endpoint: LiveEndpoint, before: Outage | null, reason: string): void {
    const { circuit } = endpoint.state
    const { outage } = circuit
    if ((outage === null) !== (before === null))
      this.#pool.changed({ upstream: this.#name, endpoint: endpoint.id, isOpen: outage !== null, reason })
    if (outage === null) {
      this.#tell('info', 'instance answers again', endpoint, { was: before })
      return
    }
    const forMs = Math.round(circuit.pause(performance.now()))
    if (outage === 'failing') {
      this.#pool.counts.opened += 1
      this.#tell('warn', before === null ? 'instance keeps failing and is left alone' : 'instance still fails', endpoint, {
        reason,
        for_ms: forMs,
      })
      return
    }
    this.#pool.counts.unreachable += 1
    this.#tell(before === null ? 'warn' : 'debug', 'instance cannot be reached', endpoint, { reason, for_ms: forMs })
  }

  #tell(level: LogLevel, message: string, { origin, state }: LiveEndpoint, more: Readonly<Record<string, unknown>>): void {
    state.since = Date.now()
    this.#pool.log[level](message, { upstream: this.#name, endpoint: origin, ...more })
  }
}

function giveBack({ state, trial }: LiveEndpoint): void {
  if (trial !== undefined) state.circuit.giveBack(trial)
}

function reasonOf({ status, error, grpcStatus }: Attempt): string {
  if (error !== undefined) return error.message
  return grpcStatus === undefined ? `status ${status}` : `gRPC status ${grpcStatus}`
}
