import { camelKeys } from '../plugins/keys.ts'
import type { CamelOptions } from '../plugins/keys.ts'
import type { Config } from '../schema/root.ts'
import type { HealthSettings, OwnHealthSettings } from '@octopus-gateway/core'

type Own = Config['upstreams'][number]

/** How it is learnt which instances work, of `routing` or of an upstream: the keys that code uses, those that were not written left out. */
export function healthSettings(from: Config['routing'] | Own): OwnHealthSettings {
  const { circuit_breaker, outlier_detection, concurrency } = from
  const check = 'health_check' in from ? from.health_check : undefined
  return {
    ...(circuit_breaker === undefined ? {} : { circuitBreaker: camel(circuit_breaker) }),
    ...(outlier_detection === undefined ? {} : { outlierDetection: outliers(outlier_detection) }),
    ...(concurrency === undefined ? {} : { concurrency: camel(concurrency) }),
    ...(check === undefined ? {} : { healthCheck: camel(check) }),
  }
}

function outliers(from: NonNullable<Own['outlier_detection']>): NonNullable<HealthSettings['outlierDetection']> {
  const { failure_rate, ...others } = from
  return {
    ...camel(others),
    ...(failure_rate === undefined ? {} : { failureRate: { threshold: failure_rate.threshold, minRequests: failure_rate.min_requests } }),
  }
}

function camel<T extends object>(from: T): CamelOptions<T> {
  return camelKeys(from as Readonly<Record<string, unknown>>).value as CamelOptions<T>
}
