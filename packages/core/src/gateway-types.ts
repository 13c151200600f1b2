import type { ProvidedEndpoint } from './snapshot/source.ts'
import type { DocumentKind } from './snapshot/route-set.ts'
import type { EndpointStatus } from './upstream/endpoint-state.ts'
import type { GatewayMetrics } from './metrics/gateway-metrics.ts'
import type { GatewayOptions } from './options.ts'
import type { ProviderStatus, ServiceSet } from './discovery/provider.ts'
import type { Snapshot, SnapshotDiff } from './snapshot/snapshot.ts'
import type { Upstream } from './upstream/upstream.ts'

/**
 * A running gateway. Disposing it (`await using`, `Symbol.asyncDispose`) stops discovery, ends requests under way at once and releases its
 * plugins; close the server first when requests should finish.
 */
export interface Gateway extends AsyncDisposable {
  /** The Web-standard entry: Workers, Deno, Bun, tests, `app.mount('/', gateway.fetch)`. Waits for `ready`. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>
  /** For tests: a path is enough. The same as `fetch(new Request(new URL(path, 'http://gateway.test'), init))`. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** The configuration is valid, plugins are set up and the first snapshot serves. Rejects with a `ConfigError` that lists every issue. */
  readonly ready: Promise<void>
  /** Every provider and source has reported once. Rejects when `ready` does, and when the gateway is disposed before. */
  readonly synced: Promise<void>
  /** Whether `synced` has resolved. */
  readonly isSynced: boolean
  readonly snapshot: Snapshot
  readonly metrics: GatewayMetrics
  /** The last known instances of all providers. */
  readonly services: ServiceSet
  readonly providers: readonly ProviderStatus[]
  /** What its sources serve beside the admin API; `createAdmin` mounts it. */
  readonly provided: readonly ProvidedEndpoint[]
  /** Health and load of an upstream's endpoints. */
  endpoints(upstream: Upstream): readonly EndpointStatus[]
  /** One service's document by hash, as parsed data; `undefined` when no source has it. */
  document(hash: string): Promise<unknown>
  /** All services' documents of a kind as one; `undefined` when there is none. */
  federated(kind: DocumentKind): Promise<unknown>
  /**
   * Transactional: validates, builds, swaps; a failure rejects and changes nothing. `dryRun` only tells the difference. The options replace
   * all earlier ones, except `log`, `fetch` and `store`, which stay those of `createGateway`.
   */
  update(options: GatewayOptions, how?: { readonly dryRun?: boolean }): Promise<SnapshotDiff>
  /** Called after every swap. Dispose the result to stop. */
  on(event: 'snapshot', listener: (next: Snapshot, previous: Snapshot, diff: SnapshotDiff) => void): Disposable
  /** Called when an upstream's endpoints were replaced without a swap. */
  on(event: 'endpoints', listener: (upstream: Upstream) => void): Disposable
}
