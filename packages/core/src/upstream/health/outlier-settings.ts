import { closest, countIssues, durationIssues, invalid } from './settings-issues.ts'
import { toMilliseconds } from '../../time.ts'
import type { ConfigIssue } from '../../errors.ts'
import type { Duration } from '../../time.ts'

/** A share of failures that is too much. */
export interface FailureRate {
  /** Percent of the requests of an interval, from 1 to 100. */
  readonly threshold: number
  /** Requests that an endpoint must have had in the interval before its share says anything. Default 20. */
  readonly minRequests?: number
}

/** When an endpoint counts as worse than the others, and for how long it gets no requests. */
export interface OutlierSettings {
  /** Failures in a row. Default 5; `Infinity`: a row of failures is not looked at. */
  readonly consecutiveFailures?: number
  /** Share of failures. Default: it is not looked at. */
  readonly failureRate?: FailureRate
  /** The time over which shares are counted. Default 10s. */
  readonly interval?: Duration
  /** How long an endpoint is out the first time; each repeat is longer by as much, up to ten times. Default 30s. */
  readonly baseEjection?: Duration
  /** Percent of the endpoints that may be out at a time. Default 10; one may be in any case, and one always stays. */
  readonly maxEjected?: number
}

/** The same, complete, in milliseconds. */
export interface OutlierPolicy {
  readonly consecutiveFailures: number
  readonly failureRate: Required<FailureRate> | null
  readonly interval: number
  readonly baseEjection: number
  readonly maxEjected: number
}

/** The closest value of each key; `null` when nobody asks for it. */
export function outlierPolicy(settings: readonly (OutlierSettings | undefined)[]): OutlierPolicy | null {
  if (settings.every((one) => one === undefined)) return null
  const failureRate = settings.find((one) => one?.failureRate !== undefined)?.failureRate
  return {
    consecutiveFailures: closest(settings, 'consecutiveFailures', 5),
    failureRate: failureRate === undefined ? null : { threshold: failureRate.threshold, minRequests: failureRate.minRequests ?? 20 },
    interval: toMilliseconds(closest(settings, 'interval', '10s')),
    baseEjection: toMilliseconds(closest(settings, 'baseEjection', '30s')),
    maxEjected: closest(settings, 'maxEjected', 10),
  }
}

/** Everything wrong with it. */
export function outlierIssues(settings: OutlierSettings | undefined, path: string): ConfigIssue[] {
  const threshold = settings?.failureRate?.threshold
  return [
    ...countIssues(settings?.consecutiveFailures, `${path}.consecutiveFailures`, { least: 1 }),
    ...percentIssues(threshold, `${path}.failureRate.threshold`),
    ...countIssues(settings?.failureRate?.minRequests, `${path}.failureRate.minRequests`, { least: 1, most: 1_000_000 }),
    ...durationIssues(settings?.interval, `${path}.interval`),
    ...durationIssues(settings?.baseEjection, `${path}.baseEjection`),
    ...percentIssues(settings?.maxEjected, `${path}.maxEjected`),
  ]
}

function percentIssues(value: number | undefined, path: string): ConfigIssue[] {
  return value === undefined || (value >= 1 && value <= 100) ? [] : [invalid(path, `It is a percentage from 1 to 100, not ${value}.`)]
}
