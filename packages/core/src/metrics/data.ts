import type { FarpData } from './farp-metrics.ts'
import type { HealthData } from './health-data.ts'
import type { HistogramData } from './registry.ts'

/** Why a connection was refused or ended, when no request tells. */
export type RejectReason = 'connections' | 'connections_per_ip' | 'header_timeout' | 'http2_flood' | 'malformed' | 'tls_handshake'

/** What a gateway has counted, as plain data: two of them can be added up, in this process or another. */
export interface MetricsData {
  /** By route template. */
  readonly series: readonly {
    readonly label: string
    /** By method and status: `method * 1000 + status`. */
    readonly requests: readonly (readonly [number, number])[]
    /** By method, in the order of the metrics' list. */
    readonly durations: readonly (HistogramData | null)[]
  }[]
  /** Attempts by upstream and status. */
  readonly upstreams: readonly (readonly [string, readonly (readonly [string, number])[]])[]
  /** Attempts that followed a failed one, and those made beside a slow one, by upstream. */
  readonly retries: readonly (readonly [string, number])[]
  readonly hedges: readonly (readonly [string, number])[]
  /** Answers that broke off on their way, by upstream and code. */
  readonly cuts: readonly (readonly [string, readonly (readonly [string, number])[]])[]
  /** Copies of requests, by the upstream that is their mirror and what became of them. */
  readonly mirrored: readonly (readonly [string, readonly (readonly [string, number])[]])[]
  /** Requests to what is deprecated, by service, each with its method and route: `GET /users/{id}`. */
  readonly deprecated: readonly (readonly [string, readonly (readonly [string, number])[]])[]
  /** What sources counted. */
  readonly farp: FarpData
  /** Connections that were refused, by reason. */
  readonly rejected: readonly (readonly [RejectReason, number])[]
  /** Client connections open now. */
  readonly connections: number
  /** By upstream. */
  readonly health: readonly HealthData[]
}
