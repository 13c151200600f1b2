import type { LiveEndpoint } from '../endpoint-state.ts'

/** Who may be chosen for one request. */
export interface Candidates {
  /** Monotonic milliseconds. */
  readonly now: number
  /** The digest of what is hashed of the request, 32 bits. */
  readonly hash: number
  accepts(endpoint: LiveEndpoint): boolean
}

/** Chooses one of a list of endpoints, by weight; one of weight 0 never. It does not judge them: candidates do. */
export interface Balancer {
  /** An endpoint that is accepted, or `undefined` when none is. */
  pick(among: Candidates): LiveEndpoint | undefined
  /** The same over another list: what was learnt of endpoints in both stays. */
  over(endpoints: readonly LiveEndpoint[]): Balancer
  /** An attempt got its head, or failed. */
  attempted?(endpoint: LiveEndpoint, result: Result, now: number): void
}

/** How an attempt went. */
export interface Result {
  /** To the head, or the failure. */
  readonly ms: number
  /** Whether it was answered, and not with a failure of the service. */
  readonly isGood: boolean
}

/** Random numbers from 0 up to 1. */
export type Random = () => number

/** Those that can be chosen at all. */
export function weighted(endpoints: readonly LiveEndpoint[]): readonly LiveEndpoint[] {
  return endpoints.filter(({ weight }) => weight > 0 && weight < Infinity)
}

/** Whether all weights are the same. */
export function isEven(endpoints: readonly LiveEndpoint[]): boolean {
  return endpoints.every((endpoint) => endpoint.weight === endpoints[0]!.weight)
}
