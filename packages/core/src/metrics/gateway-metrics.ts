import { figuresOf, healthData, remains, together } from './health-data.ts'
import { discoveryLines } from './discovery-lines.ts'
import { FarpMetrics } from './farp-metrics.ts'
import { healthLines } from './health-lines.ts'
import { describe, Histogram, labelValue } from './registry.ts'
import type { MetricsData, RejectReason } from './data.ts'
import type { Context } from '../exchange/request-context.ts'
import type { MirrorOutcome } from '../exchange/copy.ts'
import type { Attempt, Outcome } from '../exchange/context.ts'
import type { FarpCounts } from './farp-metrics.ts'
import type { HealthData } from './health-data.ts'
import type { ProviderStatus } from '../discovery/provider.ts'
import type { HealthFigures } from './health-lines.ts'

/** The gateway's own metrics. */
export interface GatewayMetrics {
  /**
   * The text exposition format, version 0.0.4, ready for `/metrics`. What other processes counted (`snapshot()` of their gateways) is added up
   * with what this one did.
   */
  exposition(others?: readonly MetricsData[]): string
  /** Everything counted so far, as plain, structured-cloneable data. */
  snapshot(): MetricsData
  /** The same with what others counted: counts and load added up, the worst state of each endpoint. */
  sum(others: readonly MetricsData[]): MetricsData
  /** Changes `octopus_active_connections`; whoever owns the listener calls it. */
  connections(delta: number): void
  /** Counts one in `octopus_rejected_connections_total`; whoever owns the listener calls it. */
  rejected(reason: RejectReason): void
}

/** Methods with a series of their own; clients may invent others, and each would be a new series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'OTHER'] as const
const METHOD_INDEX = new Map<string, number>(METHODS.map((method, index) => [method, index]))
const OTHER = METHODS.indexOf('OTHER')

/** Templates come over the network, and their series stay: a service that changes its paths all the time must not fill the memory. */
const MOST_SERIES = 50_000
/** The templates that came after. No path is called so. */
const REST = '(other)'

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

function isCounted(series: RouteSeries | null): series is RouteSeries {
  return series !== null
}

/** What the exposition asks for when it is made. */
export interface MetricSources {
  farp(): FarpCounts
  /** In the order of the configuration. */
  providers(): readonly ProviderStatus[]
  upstreams(): readonly HealthFigures[]
  plugins(): readonly { readonly name: string; readonly version: string }[]
}

/** Counts requests in plain numbers; turns them into text only when somebody scrapes. */
export class Metrics implements GatewayMetrics {
  /** What sources count. */
  readonly farp = new FarpMetrics()
  readonly #labels: string[] = []
  /** By the index of the template; `null` while nobody has asked for it: of thousands of templates few are asked for. */
  readonly #series: (RouteSeries | null)[] = []
  readonly #byLabel = new Map<string, number>()
  readonly #upstreams = new Map<string, Map<string, number>>()
  readonly #retries = new Map<string, number>()
  readonly #hedges = new Map<string, number>()
  /** Answers that broke off on their way, by upstream and code. */
  readonly #cuts = new Map<string, Map<string, number>>()
  readonly #mirrored = new Map<string, Map<string, number>>()
  /** Requests to what is to go, by service. */
  readonly #deprecated = new Map<string, Map<string, number>>()
  readonly #sources: MetricSources
  /** What was merged, by upstream. */
  readonly #health = new Map<string, HealthData>()
  readonly #rejected = new Map<RejectReason, number>()
  #connections = 0

  constructor(sources: MetricSources) {
    this.#sources = sources
  }

  /** The series of a route template; the same template gives the same series, and those beyond all reason share one. */
  seriesFor(label: string): number {
    const known = this.#byLabel.get(label)
    if (known !== undefined) return known
    if (this.#byLabel.size >= MOST_SERIES && label !== REST) return this.seriesFor(REST)
    const index = this.#labels.push(label) - 1
    this.#series.push(null)
    this.#byLabel.set(label, index)
    return index
  }

  #seriesAt(index: number): RouteSeries {
    return (this.#series[index] ??= new RouteSeries(this.#labels[index]!))
  }

  connections(delta: number): void {
    this.#connections += delta
  }

  rejected(reason: RejectReason): void {
    add(this.#rejected, reason, 1)
  }

  mirrored(upstream: string, outcome: MirrorOutcome): void {
    addIn(this.#mirrored, upstream, { what: outcome, count: 1 })
  }

  record(ctx: Context, outcome: Outcome): void {
    const series = this.#seriesAt(ctx.route.metric)
    const method = METHOD_INDEX.get(ctx.request.method) ?? OTHER
    const key = method * 1000 + outcome.status
    series.requests.set(key, (series.requests.get(key) ?? 0) + 1)
    const histogram = (series.durations[method] ??= new Histogram())
    histogram.observe(outcome.ms / 1000)
    for (const attempt of ctx.attempts) addIn(this.#upstreams, ctx.upstream.name, { what: statusLabel(attempt), count: 1 })
    if (ctx.retries > 0) add(this.#retries, ctx.upstream.name, ctx.retries)
    if (ctx.hedges > 0) add(this.#hedges, ctx.upstream.name, ctx.hedges)
    if (ctx.route.deprecated) addIn(this.#deprecated, ctx.route.service ?? '', { what: `${METHODS[method]!} ${series.label}`, count: 1 })
    if (isCut(ctx, outcome)) addIn(this.#cuts, ctx.upstream.name, { what: outcome.error!.code, count: 1 })
  }

  snapshot(): MetricsData {
    const now = performance.now()
    return {
      series: this.#series.filter(isCounted).map(({ label, requests, durations }) => ({
        label,
        requests: [...requests],
        durations: durations.map((histogram) => histogram?.snapshot() ?? null),
      })),
      upstreams: [...this.#upstreams].map(([upstream, statuses]) => [upstream, [...statuses]]),
      retries: [...this.#retries],
      hedges: [...this.#hedges],
      cuts: [...this.#cuts].map(([upstream, codes]) => [upstream, [...codes]]),
      mirrored: [...this.#mirrored].map(([upstream, outcomes]) => [upstream, [...outcomes]]),
      deprecated: [...this.#deprecated].map(([service, uses]) => [service, [...uses]]),
      farp: this.farp.snapshot(),
      rejected: [...this.#rejected],
      connections: this.#connections,
      health: [...this.#sources.upstreams().map((upstream) => healthData(upstream, now)), ...this.#health.values()],
    }
  }

  /** Adds what others counted. */
  merge(data: MetricsData): void {
    for (const { label, requests, durations } of data.series) {
      const series = this.#seriesAt(this.seriesFor(label))
      for (const [key, count] of requests) add(series.requests, key, count)
      durations.forEach((histogram, method) => {
        if (histogram !== null) (series.durations[method] ??= new Histogram()).merge(histogram)
      })
    }
    for (const [upstream, statuses] of data.upstreams)
      for (const [what, count] of statuses) addIn(this.#upstreams, upstream, { what, count })
    for (const [upstream, count] of data.retries) add(this.#retries, upstream, count)
    for (const [upstream, count] of data.hedges) add(this.#hedges, upstream, count)
    for (const [upstream, codes] of data.cuts) for (const [what, count] of codes) addIn(this.#cuts, upstream, { what, count })
    for (const [upstream, outcomes] of data.mirrored) for (const [what, count] of outcomes) addIn(this.#mirrored, upstream, { what, count })
    for (const [service, uses] of data.deprecated) for (const [what, count] of uses) addIn(this.#deprecated, service, { what, count })
    this.farp.merge(data.farp)
    for (const [reason, count] of data.rejected) add(this.#rejected, reason, count)
    this.#connections += data.connections
    for (const one of data.health) {
      const known = this.#health.get(one.name)
      this.#health.set(one.name, known === undefined ? one : together(known, one))
    }
  }

  exposition(others: readonly MetricsData[] = []): string {
    if (others.length > 0) return this.#sum(others).exposition()
    const upstreams = [...this.#sources.upstreams(), ...[...this.#health.values()].map(figuresOf)]
    return (
      this.#requestLines() +
      this.#upstreamLines() +
      this.#deprecatedLines() +
      this.#gaugeLines() +
      healthLines(upstreams) +
      discoveryLines(this.#sources.providers()) +
      this.farp.exposition(this.#sources.farp())
    )
  }

  sum(others: readonly MetricsData[]): MetricsData {
    return this.#sum(others).snapshot()
  }

  #sum(others: readonly MetricsData[]): Metrics {
    const own = this.snapshot()
    const names = new Set(own.health.map(({ name }) => name))
    const sum = new Metrics({ ...this.#sources, upstreams: () => [] })
    // As in one process, an upstream that is no more is not shown.
    for (const data of [own, ...others]) sum.merge({ ...data, health: data.health.filter(({ name }) => names.has(name)) })
    return sum
  }

  #requestLines(): string {
    let requests = describe('octopus_requests_total', 'counter', 'Requests answered, by method, status and route template.')
    let durations = describe(
      'octopus_request_duration_seconds',
      'histogram',
      'Time from the head of a request to the last byte of its answer.',
    )
    for (const series of this.#series.filter(isCounted)) {
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
    text += describe('octopus_responses_cut_total', 'counter', 'Answers cut off after their head, by upstream and code of the failure.')
    for (const [upstream, codes] of this.#cuts)
      for (const [code, cuts] of codes) text += `octopus_responses_cut_total{upstream=${labelValue(upstream)},code="${code}"} ${cuts}\n`
    text += describe(
      'octopus_mirrored_requests_total',
      'counter',
      'Copies of requests for a mirror, by its upstream and what became of them.',
    )
    for (const [upstream, outcomes] of this.#mirrored)
      for (const [outcome, count] of outcomes)
        text += `octopus_mirrored_requests_total{upstream=${labelValue(upstream)},outcome="${outcome}"} ${count}\n`
    return text
  }

  #gaugeLines(): string {
    return (
      describe('octopus_active_connections', 'gauge', 'Client connections open now.') +
      `octopus_active_connections ${this.#connections}\n` +
      describe(
        'octopus_rejected_connections_total',
        'counter',
        'Client connections that were refused or ended for what they did, by reason.',
      ) +
      [...this.#rejected].map(([reason, count]) => `octopus_rejected_connections_total{reason="${reason}"} ${count}\n`).join('') +
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

  #deprecatedLines(): string {
    let text = describe('octopus_deprecated_requests_total', 'counter', 'Requests to operations that are deprecated.')
    for (const [service, uses] of this.#deprecated) {
      for (const [use, count] of uses) {
        const space = use.indexOf(' ')
        const labels = `service=${labelValue(service)},method=${labelValue(use.slice(0, space))},route=${labelValue(use.slice(space + 1))}`
        text += `octopus_deprecated_requests_total{${labels}} ${count}\n`
      }
    }
    return text
  }
}

/** What several gateways have counted, together; of those that are gone. */
export function sumOfGone(all: readonly MetricsData[]): MetricsData {
  const sum = new Metrics({ farp: () => ({ services: 0, routes: [] }), providers: () => [], upstreams: () => [], plugins: () => [] })
  for (const data of all) sum.merge({ ...data, connections: 0, health: data.health.map(remains) })
  return sum.snapshot()
}

/** Whether an answer broke off on its way, and not because its client left. */
function isCut({ failure }: Context, { error }: Outcome): boolean {
  return error !== undefined && error !== failure && error.code !== 'CLIENT_CLOSED'
}

function statusLabel({ status, error }: Attempt): string {
  if (status !== undefined) return String(status)
  return error?.code === 'SUPERSEDED' ? 'superseded' : 'error'
}

function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function addIn(
  table: Map<string, Map<string, number>>,
  upstream: string,
  { what, count }: { readonly what: string; readonly count: number },
): void {
  let row = table.get(upstream)
  if (row === undefined) table.set(upstream, (row = new Map()))
  add(row, what, count)
}
