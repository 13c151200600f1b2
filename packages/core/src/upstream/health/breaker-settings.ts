import { closest, countIssues, durationIssues } from './settings-issues.ts'
import { toMilliseconds } from '../../time.ts'
import type { ConfigIssue } from '../../errors.ts'
import type { Duration } from '../../time.ts'

/** When an endpoint is left alone, and when it is tried again. */
export interface CircuitBreakerSettings {
  /** Failures in a row that open the circuit. Default 5; `Infinity`: only connections that cannot be made do. */
  readonly failureThreshold?: number
  /** How long it is open before a request tries the endpoint again. Default 60s. */
  readonly timeout?: Duration
  /** Requests that may try it at a time. Default 1. */
  readonly halfOpenRequests?: number
}

/** The same, complete, in milliseconds. */
export interface BreakerPolicy {
  readonly failureThreshold: number
  readonly timeout: number
  readonly halfOpenRequests: number
}

/** The closest value of each key. */
export function breakerPolicy(settings: readonly (CircuitBreakerSettings | undefined)[]): BreakerPolicy {
  return {
    failureThreshold: closest(settings, 'failureThreshold', 5),
    timeout: toMilliseconds(closest(settings, 'timeout', '60s')),
    halfOpenRequests: closest(settings, 'halfOpenRequests', 1),
  }
}

/** Everything wrong with it. */
export function breakerIssues(settings: CircuitBreakerSettings | undefined, path: string): ConfigIssue[] {
  return [
    ...countIssues(settings?.failureThreshold, `${path}.failureThreshold`, { least: 1 }),
    ...durationIssues(settings?.timeout, `${path}.timeout`),
    ...countIssues(settings?.halfOpenRequests, `${path}.halfOpenRequests`, { least: 1, most: 1_000 }),
  ]
}
