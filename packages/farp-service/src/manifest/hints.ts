import type { Retry } from './webhook.ts'

/**
 * Advice that binds no gateway. Durations are Go's: `250ms`, `1m30s`. Written as in the manifest.
 */
export interface Hints {
  readonly recommended_timeout?: string
  readonly expected_latency?: { readonly p50?: string; readonly p95?: string; readonly p99?: string; readonly p999?: string }
  readonly scaling?: {
    readonly auto_scale: boolean
    readonly min_instances?: number
    readonly max_instances?: number
    /** 0 to 1. */
    readonly target_cpu?: number
    /** 0 to 1. */
    readonly target_memory?: number
  }
  readonly dependencies?: readonly {
    readonly service_name: string
    readonly schema_type: string
    /** Such as `>=v2.0.0 <v3.0.0`. */
    readonly version_range?: string
    readonly critical: boolean
    readonly used_operations?: readonly string[]
  }[]
  readonly rate_limit?: {
    readonly requests_per_second?: number
    readonly burst_size?: number
    readonly strategy?: 'fixed_window' | 'sliding_window' | 'token_bucket' | 'leaky_bucket'
    readonly key?: 'ip' | 'user' | 'api_key' | 'global'
    readonly status_code?: number
    readonly response_headers?: Readonly<Record<string, string>>
  }
  readonly circuit_breaker?: {
    readonly enabled?: boolean
    readonly error_threshold_percent?: number
    readonly minimum_requests?: number
    readonly open_duration?: string
    readonly half_open_requests?: number
    readonly window_size?: string
    readonly error_status_codes?: readonly number[]
  }
  readonly cors?: {
    readonly allowed_origins?: readonly string[]
    readonly allowed_methods?: readonly string[]
    readonly allowed_headers?: readonly string[]
    readonly exposed_headers?: readonly string[]
    readonly allow_credentials?: boolean
    /** Seconds. */
    readonly max_age?: number
  }
  readonly retry_policy?: Retry
  readonly observability?: Readonly<Record<string, unknown>>
  readonly graceful_shutdown?: {
    readonly drain_timeout?: string
    readonly shutdown_delay?: string
    readonly health_failure_threshold?: number
  }
  readonly cache?: {
    readonly enabled?: boolean
    readonly ttl?: string
    readonly vary_headers?: readonly string[]
    readonly key_template?: string
    readonly stale_while_revalidate?: string
    readonly cacheable_statuses?: readonly number[]
  }
  readonly load_balancing?: Readonly<Record<string, unknown>>
  readonly transformations?: {
    readonly request_headers?: Readonly<Record<string, string>>
    readonly response_headers?: Readonly<Record<string, string>>
    readonly remove_request_headers?: readonly string[]
    readonly remove_response_headers?: readonly string[]
  }
}
