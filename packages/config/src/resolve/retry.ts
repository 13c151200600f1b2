import type { Config } from '../schema/root.ts'
import type { RetryOptions, RetrySettings } from '@octopus-gateway/core'

type From = Config['routing'] | Config['upstreams'][number] | Config['routes'][number]

/** How attempts are repeated, of `routing`, an upstream or a route. */
export function retrySettings({ retries, retry, hedge }: From): RetrySettings {
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(retry === undefined ? {} : { retry: retryOptions(retry) }),
    ...(hedge === undefined ? {} : { hedge }),
  }
}

function retryOptions(from: NonNullable<From['retry']>): RetryOptions {
  return {
    ...(from.budget === undefined ? {} : { budget: from.budget }),
    ...(from.backoff === undefined ? {} : { backoff: from.backoff }),
    ...(from.max_backoff === undefined ? {} : { maxBackoff: from.max_backoff }),
    ...(from.statuses === undefined ? {} : { statuses: from.statuses }),
    ...(from.grpc_statuses === undefined ? {} : { grpcStatuses: from.grpc_statuses }),
    ...(from.max_body === undefined ? {} : { maxBody: from.max_body }),
    ...(from.per_try_timeout === undefined ? {} : { perTryTimeout: from.per_try_timeout }),
  }
}
