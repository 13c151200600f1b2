import type { BalancingPolicy } from './balancing.ts'
import type { Endpoint } from './endpoint.ts'
import type { Transport } from './transport.ts'
import type { UpstreamHandler } from './definition.ts'

/** Requests of an upstream that has a limit for them. */
export interface ConcurrencyStatus {
  /** Requests that may be under way at a time. */
  readonly max: number
  readonly active: number
  /** Requests that wait for their turn. */
  readonly queued: number
  /** Refused so far: with a full queue, and after their time in it. */
  readonly refused: number
  readonly timedOut: number
}

/** A named group of endpoints. Routes hold the object; only `endpoints` is replaced, whole, when instances come and go. */
export interface Upstream {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  /** The function behind an in-process upstream, or `null`. */
  readonly handler: UpstreamHandler | null
  readonly hostMode: 'preserve' | 'upstream'
  readonly transport: Transport
  /** How its endpoints share its requests. */
  readonly balancing: BalancingPolicy
  /** `null` without a limit. */
  readonly concurrency: ConcurrencyStatus | null
}
