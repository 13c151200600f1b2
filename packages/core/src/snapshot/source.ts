import type { ClientCertificate } from '../exchange/client.ts'
import type { KeyValueStore } from '../store/store.ts'
import type { Logger } from '../log/logger.ts'
import type { DocumentKind, RouteSet } from './route-set.ts'
import type { GatewayListener } from './events.ts'
import type { KeyValues, ServiceSet } from '../discovery/provider.ts'

/** Who calls a provided endpoint, as far as the server tells. */
export interface Caller {
  /** The address of the connection, or `undefined` where the runtime does not tell it. */
  readonly ip: string | undefined
  /** The client certificate that the TLS layer has verified, if there is one. */
  readonly certificate: ClientCertificate | undefined
}

/**
 * Something that a source serves beside the admin API: registrations, documents, approvals. `path` is a prefix, on whole segments; the longest
 * one that fits gets the request. With `admin` the caller has shown the admin API's credential; with `own` the handler sees every request
 * and has to decide itself who may do what.
 */
export interface ProvidedEndpoint {
  readonly path: string
  readonly access: 'admin' | 'own'
  handler(request: Request, caller: Caller): Promise<Response> | Response
}

/** Anything that yields routes: FARP, a database, your own. */
export interface RouteSource {
  readonly name: string
  /** Two sources with equal identities are one: it keeps running through an update. Default: compared by reference. */
  readonly identity?: unknown
  /** Yields every service's set, always all of them; a service that is missing is gone. Ends when `host.signal` aborts. */
  watch(host: SourceHost): AsyncIterable<readonly RouteSet[]>
  /** One document of one service, by its hash, as parsed data. */
  document?(hash: string): Promise<unknown>
  /** All services' documents of one kind merged into one, built lazily; `undefined` when there is nothing of that kind. */
  federated?(kind: DocumentKind): Promise<unknown>
  /** What the source serves beside the admin API. Read for every request there: the list is to be a stable one. */
  readonly endpoints?: readonly ProvidedEndpoint[]
}

/** What a changed contract is to clients that were written for the one before: they break, nobody can tell, or it is all the same to them. */
export type ContractVerdict = 'breaking' | 'unknown' | 'safe'

/** What a source gets. */
export interface SourceHost {
  readonly signal: AbortSignal
  readonly log: Logger
  /** What outlives the process, and what replicas share. Begin keys with the name of the source. */
  readonly store: KeyValueStore
  /** One supervised set for all readers: at once when there is one, then every change. */
  instances(): AsyncIterable<ServiceSet>
  /** The key-value store of a registry, by the name of its provider (`consul`, `etcd`…); `undefined` when it has none. */
  keyValues(provider: string): KeyValues | undefined
  /** The auth providers that the gateway's own plugins ask, now: what a route can demand. `snapshot` events tell when to look again. */
  readonly authProviders: ReadonlySet<string>
  /** Calls a listener for every event of the gateway until the result is disposed. */
  on(listener: GatewayListener): Disposable
  /** Resolves when the routes that the source yielded last, and that were taken from it, serve. */
  applied(): Promise<void>
  /** Where it counts what it does. */
  readonly meter: SourceMeter
}

/** What became of a question for a schema: it came, it is the one that was known, or it could not be had. */
export type FetchStatus = 'success' | 'not_modified' | 'error'

/** What became of a route. */
export type RouteAction = 'added' | 'changed' | 'removed'

/** Counts what sources do. */
export interface SourceMeter {
  /** A service's schema changed (`octopus_farp_schema_updates_total`). */
  schemaUpdated(service: string): void
  /** A contract was compared with the approved one (`octopus_farp_contract_changes_total`). */
  contractChanged(service: string, verdict: ContractVerdict): void
  /** An instance's manifest came, changed or went (`farp_manifest_watch_events_total`). */
  manifestSeen(): void
  /** A schema was asked for (`farp_schema_fetch_total`, `farp_schema_fetch_duration_seconds`). */
  schemaFetched(type: DocumentKind, status: FetchStatus, ms: number): void
  /** A schema was needed, and nobody had to be asked for it (`farp_schema_cache_hit_ratio`). */
  schemaCached(): void
  /** Routes came, changed or went (`farp_route_updates_total`). */
  routesUpdated(action: RouteAction, count: number): void
}
