import type { Verdict } from '@octopus-gateway/core/lane'
import type { CloseOptions } from '../serve-options.ts'
import type { ConfigIssue, MetricsData, RouteSet, ServiceSet } from '@octopus-gateway/core'

/** Where a worker listens. All workers listen on the same ports: the first one that takes any free port decides. */
export interface Addresses {
  readonly url: string
  readonly port: number
  readonly tls: { readonly url: string; readonly port: number } | undefined
}

/** Why something failed in another process. */
export interface Failure {
  readonly message: string
  /** `EADDRINUSE`, an exit code… */
  readonly code?: string | number
  /** Those of a `ConfigError`. */
  readonly issues?: readonly ConfigIssue[]
}

/** Everything the gateway of a worker would otherwise ask the network for. */
export interface SupplyState {
  readonly services: ServiceSet
  /** By source, in their order: the services and the versions of their sets, which were sent before. */
  readonly sources: readonly (readonly [string, readonly (readonly [string, number])[]])[]
  /** Whether every provider and source has reported to the control process. */
  readonly isSynced: boolean
}

/** What the control process says to a worker. */
export type ToWorker =
  | { readonly kind: 'welcome'; readonly configuration: unknown; readonly ports: Addresses | null; readonly ticketSecret: Uint8Array }
  /** The routes of one service, under a number that is never used again. */
  | { readonly kind: 'set'; readonly number: number; readonly set: RouteSet }
  | { readonly kind: 'state'; readonly state: SupplyState }
  /** All that health checks have found. */
  | { readonly kind: 'verdicts'; readonly verdicts: readonly Verdict[] }
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'prepare'; readonly id: number; readonly configuration: unknown }
  | { readonly kind: 'commit'; readonly id: number }
  | { readonly kind: 'abandon'; readonly id: number }
  | { readonly kind: 'stop'; readonly how: CloseOptions }

/** What a worker says to the control process. */
export type FromWorker =
  | { readonly kind: 'hello' }
  | { readonly kind: 'ready'; readonly listening: Addresses }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'beat' }
  /** An answer; `id` is `null` for the reports that nobody asked for. */
  | { readonly kind: 'report'; readonly id: number | null; readonly metrics: MetricsData }
  | { readonly kind: 'done'; readonly id: number; readonly failure: Failure | null }
