/** How often and how fast something is tried again. Durations are Go's. Written as in the manifest. */
export interface Retry {
  readonly max_attempts?: number
  readonly initial_delay?: string
  readonly max_delay?: string
  readonly multiplier?: number
  readonly retryable_status_codes?: readonly number[]
  readonly retryable_methods?: readonly string[]
  readonly retry_on_connection_error?: boolean
  readonly per_attempt_timeout?: string
}

/** Which events a service takes and tells. Written as in the manifest. */
export interface WebhookAccount {
  /** Events this service wants: `circuit.breaker.open`, `traffic.shift`… */
  readonly subscribe_events?: readonly string[]
  /** Events this service may send. */
  readonly publish_events?: readonly string[]
  readonly retry?: Retry
  /** Where the gateway takes events. */
  readonly gateway_webhook?: string
  readonly http_routes?: Readonly<Record<string, unknown>>
}
