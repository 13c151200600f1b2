import type { Endpoint } from './endpoint.ts'

/** What the gateway has seen of an endpoint, for people. */
export interface EndpointStatus {
  readonly id: string
  readonly origin: string
  readonly weight: number
  readonly zone?: string
  readonly labels: Readonly<Record<string, string>>
  /** `available`, or `out` for a while after connections to it failed. */
  readonly state: 'available' | 'out'
  /** Milliseconds until it is tried again; 0 when available. */
  readonly outForMs: number
  /** Requests on it now. */
  readonly active: number
  /** Consecutive connection failures. */
  readonly failures: number
}

const FIRST_OUT_MS = 1_000
const LONGEST_OUT_MS = 30_000
const TRIAL_MS = 2_000

/** What is known of one endpoint: shared by every generation that mentions its id, so that an update does not forget an outage. */
export class EndpointState {
  active = 0
  failures = 0
  #outUntil = 0
  #trialUntil = 0

  /** Whether it may be chosen now. After a pause one request at a time may try it. */
  accepts(now: number): boolean {
    return this.failures === 0 || (now >= this.#outUntil && now >= this.#trialUntil)
  }

  /** It was chosen. While it is not known to work, others wait for the outcome. */
  chosen(now: number): void {
    if (this.failures > 0) this.#trialUntil = now + TRIAL_MS
  }

  /** A connection could not be made: out for 1 s, doubling to 30 s. Requests that fail while it is out say nothing new. */
  connectFailed(now: number): void {
    if (this.failures > 0 && now < this.#outUntil) return
    const pause = Math.min(FIRST_OUT_MS * 2 ** this.failures, LONGEST_OUT_MS)
    this.failures += 1
    this.#outUntil = now + pause
    this.#trialUntil = 0
  }

  /** It answered: whatever the status, connections to it work. */
  answered(): void {
    this.failures = 0
    this.#outUntil = 0
    this.#trialUntil = 0
  }

  outForMs(now: number): number {
    return this.failures === 0 ? 0 : Math.max(0, this.#outUntil - now)
  }
}

/** An endpoint with its state at hand. */
export interface LiveEndpoint extends Endpoint {
  readonly state: EndpointState
}

/** States by endpoint id, kept while any upstream of any live generation mentions the id. */
export class EndpointPool {
  readonly #states = new Map<string, { readonly state: EndpointState; users: number }>()

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
