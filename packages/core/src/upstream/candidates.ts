import type { Attempt, RequestContext } from '../exchange/context.ts'
import type { Candidates } from './balancers/balancer.ts'
import type { Endpoint } from './endpoint.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { SlowStarts } from './slow-start.ts'

type Subset = Readonly<Record<string, readonly string[]>>

/** Which endpoints count: those in order, those that may work all the same, or all. */
export type Regard = 'healthy' | 'last-resort' | 'all'

/** What an endpoint has to fit. */
interface Asking {
  readonly route: { readonly subset: Subset | null }
  readonly attempts: readonly Attempt[]
}

const NO_ATTEMPTS: readonly Attempt[] = []

/** Folds health, slow start, subset and "already tried" together. One object for all requests of an upstream, which choose one after the other. */
export class RequestCandidates implements Candidates {
  now = 0
  hash = 0
  regard: Regard = 'healthy'
  /** Endpoints that take less of their share than this stand back. */
  ramp = 0
  readonly #starts: SlowStarts | null
  #subset: Subset | null = null
  #attempts: readonly Attempt[] = NO_ATTEMPTS

  constructor(starts: SlowStarts | null) {
    this.#starts = starts
  }

  begin({ route: { subset }, attempts }: Asking, now: number): void {
    this.now = now
    this.regard = 'healthy'
    this.ramp = 0
    this.#subset = subset
    this.#attempts = attempts
  }

  /** Holds on to nothing of the request. */
  end(): void {
    this.#subset = null
    this.#attempts = NO_ATTEMPTS
  }

  accepts(endpoint: LiveEndpoint): boolean {
    if (this.regard === 'healthy') {
      if (!this.#isWell(endpoint)) return false
    } else if (this.regard === 'last-resort' && !endpoint.state.isLastResort()) return false
    return (this.#subset === null || inSubset(endpoint, this.#subset)) && (this.#attempts.length === 0 || !this.#wasTried(endpoint))
  }

  #isWell(endpoint: LiveEndpoint): boolean {
    const isAccepted = endpoint.state.accepts(this.now)
    if (this.#starts === null) return isAccepted
    this.#starts.saw(endpoint, isAccepted, this.now)
    return isAccepted && (this.ramp === 0 || this.#starts.share(endpoint, this.now) >= this.ramp)
  }

  #wasTried({ id }: LiveEndpoint): boolean {
    for (let i = 0; i < this.#attempts.length; i++) if (this.#attempts[i]!.endpoint.id === id) return true
    return false
  }
}

/** Whether a request may go to an endpoint, and has not been sent there. */
export function isUntried(endpoint: Endpoint, { route: { subset }, attempts }: RequestContext): boolean {
  return (subset === null || inSubset(endpoint, subset)) && !attempts.some((attempt) => attempt.endpoint.id === endpoint.id)
}

/** Whether an endpoint has one of the values of every label. */
export function inSubset(endpoint: Endpoint, subset: Subset): boolean {
  for (const label in subset) {
    const value = endpoint.labels[label]
    if (value === undefined || !subset[label]!.includes(value)) return false
  }
  return true
}
