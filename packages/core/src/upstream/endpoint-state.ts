import { Circuit } from './health/circuit.ts'
import { Limiter } from './health/limiter.ts'
import { OutlierRecord } from './health/outlier.ts'
import { RetryBudget } from '../exchange/retry-budget.ts'
import { silentLogger } from '../log/logger.ts'
import type { CircuitState, Outage, Trial } from './health/circuit.ts'
import type { Endpoint } from './endpoint.ts'
import type { Logger } from '../log/logger.ts'
import type { Verdict } from './health/verdict.ts'

/** Why an endpoint gets no requests, or only such as try it. */
export type OutReason = Outage | 'unhealthy' | 'ejected'

/** What the gateway has seen of an endpoint, for people. */
export interface EndpointStatus extends Endpoint {
  /** `available`; `half-open`: what is sent to it next decides; `out`: it gets nothing. */
  readonly state: 'available' | 'half-open' | 'out'
  /**
   * `unreachable`: connections could not be made; `failing`: requests failed in a row; `unhealthy`: checks say so; `ejected`: it did worse
   * than the others. `null` when available.
   */
  readonly reason: OutReason | null
  /** When this last changed, in milliseconds since 1970; `null` when it never did. */
  readonly since: number | null
  /** Milliseconds until it is tried again; 0 when it may be now; `null` when that is for the checks to say. */
  readonly outForMs: number | null
  /** Requests on it now. */
  readonly active: number
  /** Failures in a row: of requests, of answers that broke off, of connections. */
  readonly failures: number
  readonly cuts: number
  readonly refusals: number
  /** Ejections that are not forgiven yet. */
  readonly ejections: number
  readonly circuit: CircuitState
  /** What active checks say; `null` without checks, and before the first. */
  readonly check: { readonly healthy: boolean | null; readonly reason: string; readonly since: number } | null
}

/** What is known of one endpoint of an upstream: shared by every generation that mentions it, so that an update does not forget an outage. */
export class EndpointState {
  active = 0
  readonly circuit = new Circuit()
  readonly outlier = new OutlierRecord()
  /** Set by whoever checks. */
  verdict: Verdict | null = null
  /** When it last went out or came back, in milliseconds since 1970. */
  since: number | null = null

  /** Whether it may be chosen now. */
  accepts(now: number): boolean {
    return this.circuit.accepts(now) && now >= this.outlier.ejectedUntil && this.verdict?.healthy !== false
  }

  /** Whether it may be chosen when no endpoint accepts: what only could not be reached, or only did worse than others, may work all the same. */
  isLastResort(): boolean {
    return this.circuit.outage !== 'failing' && this.verdict?.healthy !== false
  }

  /** Why it does not simply accept, the strongest reason first. */
  reason(now: number): OutReason | null {
    if (this.verdict?.healthy === false) return 'unhealthy'
    return this.circuit.outage ?? (now < this.outlier.ejectedUntil ? 'ejected' : null)
  }

  /** Milliseconds until it may be tried; `Infinity` when that is for the checks to say. */
  outFor(now: number): number {
    if (this.verdict?.healthy === false) return Infinity
    return Math.max(this.circuit.pause(now), this.outlier.ejectedUntil - now, 0)
  }

  status(now: number): Omit<EndpointStatus, 'id' | 'origin' | 'weight' | 'labels' | 'zone'> {
    const { circuit, outlier, verdict } = this
    const reason = this.reason(now)
    const outFor = this.outFor(now)
    return {
      state: reason === null ? 'available' : outFor > 0 ? 'out' : 'half-open',
      reason,
      since: this.since,
      outForMs: outFor === Infinity ? null : Math.ceil(outFor),
      active: this.active,
      failures: circuit.failures,
      cuts: circuit.cuts,
      refusals: circuit.refusals,
      ejections: outlier.ejections,
      circuit: circuit.state(now),
      check: verdict === null ? null : { healthy: verdict.healthy, reason: verdict.reason, since: verdict.since },
    }
  }
}

/** An endpoint with its state at hand. */
export interface LiveEndpoint extends Endpoint {
  readonly state: EndpointState
  /** Of an endpoint as it was picked for one request: that request decides about a circuit that is not closed. */
  readonly trial?: Trial
}

/** What has happened at an upstream since it has been known. */
export interface HealthCounts {
  /** Circuits that opened because requests failed. */
  opened: number
  /** Circuits that opened because a connection could not be made. */
  unreachable: number
  ejected: number
  goodChecks: number
  badChecks: number
}

/** Called when an endpoint's circuit opens or closes. */
export type CircuitListener = (change: {
  readonly upstream: string
  readonly endpoint: string
  readonly isOpen: boolean
  readonly reason: string
}) => void

/** What is known of one upstream: the states of its endpoints, kept while any live generation mentions them, and what they share. */
export class EndpointPool {
  /** The key of the upstream. */
  readonly key: string
  readonly log: Logger
  readonly changed: CircuitListener
  readonly limiter = new Limiter()
  readonly retryBudget = new RetryBudget()
  readonly counts: HealthCounts = { opened: 0, unreachable: 0, ejected: 0, goodChecks: 0, badChecks: 0 }
  readonly #states = new Map<string, { readonly state: EndpointState; users: number }>()

  constructor(key = '', log: Logger = silentLogger, changed: CircuitListener = () => {}) {
    this.key = key
    this.log = log
    this.changed = changed
  }

  /** Takes hold of the states of these endpoints. Every call is matched by one `release` of the result. */
  adopt(endpoints: readonly Endpoint[]): LiveEndpoint[] {
    return endpoints.map((endpoint) => {
      let entry = this.#states.get(endpoint.id)
      if (entry === undefined) this.#states.set(endpoint.id, (entry = { state: new EndpointState(), users: 0 }))
      entry.users += 1
      return { ...endpoint, state: entry.state }
    })
  }

  release(endpoints: readonly LiveEndpoint[]): void {
    for (const { id } of endpoints) {
      const entry = this.#states.get(id)
      if (entry === undefined) continue
      entry.users -= 1
      if (entry.users === 0) this.#states.delete(id)
    }
  }

  get size(): number {
    return this.#states.size
  }
}
