import { describe, Histogram, labelValue } from './registry.ts'
import type { Context } from '../exchange/request-context.ts'
import type { Attempt, Outcome } from '../exchange/context.ts'

/** The gateway's own metrics. */
export interface GatewayMetrics {
  /** The text exposition format, version 0.0.4, ready for `/metrics`. */
  exposition(): string
  /** Changes `octopus_active_connections`; whoever owns the listener calls it. */
  connections(delta: number): void
}

/** Methods with a series of their own; clients may invent others, and each would be a new series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'OTHER'] as const
const METHOD_INDEX = new Map<string, number>(METHODS.map((method, index) => [method, index]))
const OTHER = METHODS.indexOf('OTHER')

/** The series of one route template. */
class RouteSeries {
  readonly label: string
  /** By method and status: `method * 1000 + status`. */
  readonly requests = new Map<number, number>()
  readonly durations: (Histogram | null)[] = METHODS.map(() => null)

  constructor(label: string) {
    this.label = label
  }
}

/** What the exposition asks for when it is made. */
export interface MetricSources {
  farp(): FarpCounts
  plugins(): readonly { readonly name: string; readonly version: string }[]
}

/** What the exposition needs to know about routes and services when it is asked. */
export interface FarpCounts {
  readonly services: number
  /** By service and schema type. */
  readonly routes: readonly { readonly service: string; readonly type: string; readonly count: number }[]
}

/** Counts requests in plain numbers; turns them into text only when somebody scrapes. */
export class Metrics implements GatewayMetrics {
  readonly #series: RouteSeries[] = []
  readonly #byLabel = new Map<string, number>()
  readonly #upstreams = new Map<string, Map<string, number>>()
  readonly #retries = new Map<string, number>()
  readonly #hedges = new Map<string, number>()
  readonly #schemaUpdates = new Map<string, number>()
  readonly #sources: MetricSources
  #connections = 0

  constructor(sources: MetricSources) {
    this.#sources = sources
  }

  /** The series of a route template; the same template gives the same series. */
  seriesFor(label: string): number {
    let index = this.#byLabel.get(label)
    if (index === undefined) {
      index = this.#series.push(new RouteSeries(label)) - 1
      this.#byLabel.set(label, index)
    }
    return index
  }

  connections(delta: number): void {
    this.#connections += delta
  }

  schemaUpdated(service: string): void {
    this.#schemaUpdates.set(service, (this.#schemaUpdates.get(service) ?? 0) + 1)
  }

  record(ctx: Context, outcome: Outcome): void {
    const series = this.#series[ctx.route.metric]!
    const method = METHOD_INDEX.get(ctx.request.method) ?? OTHER
    const key = method * 1000 + outcome.status
    series.requests.set(key, (series.requests.get(key) ?? 0) + 1)
    const histogram = (series.durations[method] ??= new Histogram())
    histogram.observe(outcome.ms / 1000)
    for (const attempt of ctx.attempts) this.#countAttempt(ctx.upstream.name, statusLabel(attempt))
    if (ctx.retries > 0) count(this.#retries, ctx.upstream.name, ctx.retries)
    if (ctx.hedges > 0) count(this.#hedges, ctx.upstream.name, ctx.hedges)
  }

  #countAttempt(upstream: string, status: string): void {
    let statuses = this.#upstreams.get(upstream)
    if (statuses === undefined) this.#upstreams.set(upstream, (statuses = new Map()))
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }

  exposition(): string {
    return this.#requestLines() + this.#upstreamLines() + this.#gaugeLines() + this.#farpLines()
  }

  #requestLines(): string {
    let requests = describe('octopus_requests_total', 'counter', 'Requests answered, by method, status and route template.')
    let durations = describe(
      'octopus_request_duration_seconds',
      'histogram',
      'Time from the head of a request to the last byte of its answer.',
    )
    for (const series of this.#series) {
      const route = labelValue(series.label)
      for (const [key, count] of series.requests) {
        requests += `octopus_requests_total{method="${METHODS[Math.floor(key / 1000)]}",status="${key % 1000}",route=${route}} ${count}\n`
      }
      series.durations.forEach((histogram, method) => {
        if (histogram !== null)
          durations += histogram.lines('octopus_request_duration_seconds', `method="${METHODS[method]}",route=${route}`)
      })
    }
    return requests + durations
  }

  #upstreamLines(): string {
    let text = describe(
      'octopus_upstream_requests_total',
      'counter',
      'Attempts at upstreams, by upstream and status; "error" where no head came, "superseded" where another attempt was faster.',
    )
    for (const [upstream, statuses] of this.#upstreams) {
      for (const [status, count] of statuses)
        text += `octopus_upstream_requests_total{upstream=${labelValue(upstream)},status="${status}"} ${count}\n`
    }
    text += describe('octopus_upstream_retries_total', 'counter', 'Attempts that followed another that failed, by upstream.')
    for (const [upstream, count] of this.#retries) text += `octopus_upstream_retries_total{upstream=${labelValue(upstream)}} ${count}\n`
    text += describe('octopus_upstream_hedges_total', 'counter', 'Attempts made beside a slow one, by upstream.')
    for (const [upstream, count] of this.#hedges) text += `octopus_upstream_hedges_total{upstream=${labelValue(upstream)}} ${count}\n`
    return text
  }

  #gaugeLines(): string {
    return (
      describe('octopus_active_connections', 'gauge', 'Client connections open now.') +
      `octopus_active_connections ${this.#connections}\n` +
      describe('octopus_circuit_breaker_state', 'gauge', 'Worst breaker of an upstream: 0 closed, 1 half-open, 2 open.') +
      describe('octopus_plugin_loaded', 'gauge', 'Plugins that are set up, by version.') +
      this.#pluginLines()
    )
  }

  /** One series per name and version, however many configurations of it there are. */
  #pluginLines(): string {
    const lines = this.#sources
      .plugins()
      .map(({ name, version }) => `octopus_plugin_loaded{plugin=${labelValue(name)},version=${labelValue(version)}} 1\n`)
    return [...new Set(lines)].join('')
  }

  #farpLines(): string {
    const { services, routes } = this.#sources.farp()
    let text = `${describe('octopus_farp_services_total', 'gauge', 'Services known through FARP.')}octopus_farp_services_total ${services}\n`
    text += describe('octopus_farp_routes_total', 'gauge', 'Routes made from FARP services, by schema type.')
    for (const { service, type, count } of routes)
      text += `octopus_farp_routes_total{service=${labelValue(service)},type=${labelValue(type)}} ${count}\n`
    text += describe('octopus_farp_schema_updates_total', 'counter', "Changes of a service's schemas after the first one.")
    for (const [service, count] of this.#schemaUpdates)
      text += `octopus_farp_schema_updates_total{service=${labelValue(service)}} ${count}\n`
    return text
  }
}

function statusLabel({ status, error }: Attempt): string {
  if (status !== undefined) return String(status)
  return error?.code === 'SUPERSEDED' ? 'superseded' : 'error'
}

function count(counts: Map<string, number>, upstream: string, by: number): void {
  counts.set(upstream, (counts.get(upstream) ?? 0) + by)
}
