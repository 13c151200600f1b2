import { breakerIssues, breakerPolicy } from './health/breaker-settings.ts'
import { checkIssues, checkPolicy } from './health/check-settings.ts'
import { concurrencyIssues, concurrencyPolicy } from './health/concurrency-settings.ts'
import { outlierIssues, outlierPolicy } from './health/outlier-settings.ts'
import type { BreakerPolicy, CircuitBreakerSettings } from './health/breaker-settings.ts'
import type { CheckPolicy, HealthCheckSettings } from './health/check-settings.ts'
import type { ConcurrencyPolicy, ConcurrencySettings } from './health/concurrency-settings.ts'
import type { ConfigIssue } from '../errors.ts'
import type { OutlierPolicy, OutlierSettings } from './health/outlier-settings.ts'

/** How the gateway learns which endpoints work; an upstream's own setting wins over the gateway's, key by key. */
export interface HealthSettings {
  /** Leaves an endpoint alone that keeps failing. On by default. */
  readonly circuitBreaker?: CircuitBreakerSettings
  /** Takes out endpoints that are worse than the others. Default: none are. */
  readonly outlierDetection?: OutlierSettings
  /** Requests at a time. Default: no limit. */
  readonly concurrency?: ConcurrencySettings
}

/** The same for one upstream, and what only an upstream has. */
export interface OwnHealthSettings extends HealthSettings {
  /** Asks the endpoints how they are. Default: they are not asked. */
  readonly healthCheck?: HealthCheckSettings
}

/** The same, complete; `null` for what is not wanted. */
export interface HealthPolicy {
  readonly breaker: BreakerPolicy
  readonly outliers: OutlierPolicy | null
  readonly concurrency: ConcurrencyPolicy | null
  readonly check: CheckPolicy | null
}

/** The closest setting of each kind. */
export function healthPolicy(settings: readonly OwnHealthSettings[]): HealthPolicy {
  return {
    breaker: breakerPolicy(settings.map((one) => one.circuitBreaker)),
    outliers: outlierPolicy(settings.map((one) => one.outlierDetection)),
    concurrency: concurrencyPolicy(settings.map((one) => one.concurrency)),
    check: checkPolicy(settings.find((one) => one.healthCheck !== undefined)?.healthCheck),
  }
}

/** Everything wrong with settings; `path` prefixes every issue. */
export function healthIssues(settings: OwnHealthSettings, path: string): ConfigIssue[] {
  return [
    ...breakerIssues(settings.circuitBreaker, `${path}.circuitBreaker`),
    ...outlierIssues(settings.outlierDetection, `${path}.outlierDetection`),
    ...concurrencyIssues(settings.concurrency, `${path}.concurrency`),
    ...checkIssues(settings.healthCheck, `${path}.healthCheck`),
  ]
}
