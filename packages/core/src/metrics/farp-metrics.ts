import { describe, Histogram, labelValue } from './registry.ts'
import type { ContractVerdict, FetchStatus, RouteAction, SourceMeter } from '../snapshot/source.ts'
import type { DocumentKind } from '../snapshot/route-set.ts'
import type { HistogramData } from './registry.ts'

/** What is known of services and their routes when somebody asks. */
export interface FarpCounts {
  readonly services: number
  /** By service and schema type. */
  readonly routes: readonly { readonly service: string; readonly type: string; readonly count: number }[]
}

/** What sources counted, as plain data. */
export interface FarpData {
  /** Changes of schemas by service. */
  readonly schemaUpdates: readonly (readonly [string, number])[]
  /** Contracts that were compared with the approved one, by service and verdict. */
  readonly contractChanges: readonly (readonly [string, readonly (readonly [string, number])[]])[]
  readonly manifestEvents: number
  /** Schemas that were asked for, by type and status: `openapi success`. */
  readonly fetches: readonly (readonly [string, number])[]
  readonly fetchSeconds: HistogramData
  /** Schemas that nobody had to be asked for. */
  readonly cacheHits: number
  readonly routeUpdates: readonly (readonly [string, number])[]
}

/** What sources count. The names that begin with `farp_` are the protocol's own. */
export class FarpMetrics implements SourceMeter {
  readonly #schemaUpdates = new Map<string, number>()
  readonly #contractChanges = new Map<string, Map<string, number>>()
  readonly #fetches = new Map<string, number>()
  readonly #fetchSeconds = new Histogram()
  readonly #routeUpdates = new Map<string, number>()
  #manifestEvents = 0
  #cacheHits = 0

  schemaUpdated(service: string): void {
    add(this.#schemaUpdates, service, 1)
  }

  contractChanged(service: string, verdict: ContractVerdict): void {
    this.#addVerdict(service, verdict, 1)
  }

  manifestSeen(): void {
    this.#manifestEvents += 1
  }

  schemaFetched(type: DocumentKind, status: FetchStatus, ms: number): void {
    add(this.#fetches, `${type} ${status}`, 1)
    this.#fetchSeconds.observe(ms / 1000)
  }

  schemaCached(): void {
    this.#cacheHits += 1
  }

  routesUpdated(action: RouteAction, count: number): void {
    if (count > 0) add(this.#routeUpdates, action, count)
  }

  snapshot(): FarpData {
    return {
      schemaUpdates: [...this.#schemaUpdates],
      contractChanges: [...this.#contractChanges].map(([service, verdicts]) => [service, [...verdicts]]),
      manifestEvents: this.#manifestEvents,
      fetches: [...this.#fetches],
      fetchSeconds: this.#fetchSeconds.snapshot(),
      cacheHits: this.#cacheHits,
      routeUpdates: [...this.#routeUpdates],
    }
  }

  /** Adds what others counted. */
  merge(data: FarpData): void {
    for (const [service, count] of data.schemaUpdates) add(this.#schemaUpdates, service, count)
    for (const [service, verdicts] of data.contractChanges)
      for (const [verdict, count] of verdicts) this.#addVerdict(service, verdict, count)
    for (const [key, count] of data.fetches) add(this.#fetches, key, count)
    for (const [action, count] of data.routeUpdates) add(this.#routeUpdates, action, count)
    this.#fetchSeconds.merge(data.fetchSeconds)
    this.#manifestEvents += data.manifestEvents
    this.#cacheHits += data.cacheHits
  }

  exposition({ services, routes }: FarpCounts): string {
    let text = `${describe('octopus_farp_services_total', 'gauge', 'Services known through FARP.')}octopus_farp_services_total ${services}\n`
    text += describe('octopus_farp_routes_total', 'gauge', 'Routes made from FARP services, by schema type.')
    for (const { service, type, count } of routes)
      text += `octopus_farp_routes_total{service=${labelValue(service)},type=${labelValue(type)}} ${count}\n`
    text += describe('octopus_farp_schema_updates_total', 'counter', "Changes of a service's schemas after the first one.")
    for (const [service, count] of this.#schemaUpdates)
      text += `octopus_farp_schema_updates_total{service=${labelValue(service)}} ${count}\n`
    text += describe('octopus_farp_contract_changes_total', 'counter', 'Contracts that were compared with the approved one, by verdict.')
    for (const [service, verdicts] of this.#contractChanges)
      for (const [verdict, count] of verdicts)
        text += `octopus_farp_contract_changes_total{service=${labelValue(service)},verdict=${labelValue(verdict)}} ${count}\n`
    return text + this.#protocolLines()
  }

  #protocolLines(): string {
    let text = describe('farp_manifest_watch_events_total', 'counter', 'Manifests of instances that came, changed or went.')
    text += `farp_manifest_watch_events_total ${this.#manifestEvents}\n`
    text += describe('farp_schema_fetch_total', 'counter', 'Schemas that were asked for, by type and what became of it.')
    let fetches = 0
    for (const [key, count] of this.#fetches) {
      const [type, status] = key.split(' ')
      text += `farp_schema_fetch_total{type="${type}",status="${status}"} ${count}\n`
      fetches += count
    }
    text += describe('farp_schema_fetch_duration_seconds', 'histogram', 'Time that asking for a schema took.')
    if (fetches > 0) text += this.#fetchSeconds.lines('farp_schema_fetch_duration_seconds', '')
    text += describe('farp_schema_cache_hit_ratio', 'gauge', 'Of the schemas that were needed, the share that nobody had to be asked for.')
    const needed = this.#cacheHits + fetches
    if (needed > 0) text += `farp_schema_cache_hit_ratio ${this.#cacheHits / needed}\n`
    text += describe('farp_route_updates_total', 'counter', 'Routes made from FARP services that came, changed or went.')
    for (const [action, count] of this.#routeUpdates) text += `farp_route_updates_total{action="${action}"} ${count}\n`
    return text
  }

  #addVerdict(service: string, verdict: string, count: number): void {
    let verdicts = this.#contractChanges.get(service)
    if (verdicts === undefined) this.#contractChanges.set(service, (verdicts = new Map()))
    add(verdicts, verdict, count)
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
