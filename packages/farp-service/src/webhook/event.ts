/** An event that a gateway sent. */
export interface GatewayEvent {
  /** `traffic.shift`, `circuit.breaker.open`, `ratelimit.changed`, `routes.changed`… */
  readonly event: string
  /** Unix seconds. */
  readonly timestamp: number
  /** Who sent it, as it says. */
  readonly source: unknown
  readonly data: unknown
  /** The same for every attempt to deliver the event. */
  readonly delivery: string | undefined
}
