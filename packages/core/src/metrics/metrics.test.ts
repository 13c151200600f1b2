import * as v from 'valibot'
import { describe, expect, it, onTestFinished } from 'vitest'
import { definePlugin } from '../plugin/define.ts'
import { FarpMetrics } from './farp-metrics.ts'
import { DURATION_BUCKETS, Histogram, labelValue } from './registry.ts'
import { finish, gatewayTo, recorder, ScriptedWire, send } from '../../test/support/scripted.ts'
import { Metrics } from './gateway-metrics.ts'
import { ScriptedSource, setOf } from '../../test/support/scripted-control.ts'
import type { Arrival } from '../../test/support/scripted.ts'
import type { Gateway } from '../gateway-types.ts'
import type { GatewayOptions } from '../options.ts'

const ROUTES: GatewayOptions = { routes: [{ path: '/users/:id', upstream: 'up' }] }

async function start(options: GatewayOptions = ROUTES): Promise<Gateway> {
  const gateway = await gatewayTo(['http://10.0.0.1', 'http://10.0.0.2'], options)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

async function request(gateway: Gateway, arrival: Arrival, wire = new ScriptedWire({ status: 200 })): Promise<void> {
  finish(await send(gateway, wire, arrival))
}

const lines = (gateway: Gateway, start: string): string[] =>
  gateway.metrics
    .exposition()
    .split('\n')
    .filter((line) => line.startsWith(start))

it('[R38] templates beyond all reason share one series: paths come over the network', () => {
  const metrics = new Metrics({ farp: () => ({ services: 0, routes: [] }), providers: () => [], upstreams: () => [], plugins: () => [] })
  const first = metrics.seriesFor('/first')
  for (let n = 0; n < 60_000; n++) metrics.seriesFor(`/p${n}`)
  expect([metrics.seriesFor('/new'), metrics.seriesFor('/newer')]).toEqual([50_000, 50_000])
  expect(metrics.seriesFor('/first')).toBe(first)
  // What nobody has asked for costs no more than its name.
  expect(metrics.snapshot().series).toEqual([])
})

describe('the exposition', () => {
  it('has HELP and TYPE of all metrics from the start, and no series of what does not exist', async () => {
    const text = new Metrics({
      farp: () => ({ services: 0, routes: [] }),
      providers: () => [],
      upstreams: () => [],
      plugins: () => [],
    }).exposition()
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
    expect(types.sort()).toEqual([
      'farp_manifest_watch_events_total counter',
      'farp_route_updates_total counter',
      'farp_schema_cache_hit_ratio gauge',
      'farp_schema_fetch_duration_seconds histogram',
      'farp_schema_fetch_total counter',
      'octopus_active_connections gauge',
      'octopus_circuit_breaker_opened_total counter',
      'octopus_circuit_breaker_state gauge',
      'octopus_deprecated_requests_total counter',
      'octopus_discovery_instances gauge',
      'octopus_discovery_last_sync_timestamp_seconds gauge',
      'octopus_discovery_up gauge',
      'octopus_farp_contract_changes_total counter',
      'octopus_farp_routes_total gauge',
      'octopus_farp_schema_updates_total counter',
      'octopus_farp_services_total gauge',
      'octopus_health_checks_total counter',
      'octopus_mirrored_requests_total counter',
      'octopus_plugin_loaded gauge',
      'octopus_rejected_connections_total counter',
      'octopus_request_duration_seconds histogram',
      'octopus_requests_total counter',
      'octopus_responses_cut_total counter',
      'octopus_upstream_concurrent_requests gauge',
      'octopus_upstream_ejections_total counter',
      'octopus_upstream_endpoints gauge',
      'octopus_upstream_hedges_total counter',
      'octopus_upstream_overload_total counter',
      'octopus_upstream_queued_requests gauge',
      'octopus_upstream_requests_total counter',
      'octopus_upstream_retries_total counter',
    ])
    expect([...text.matchAll(/^# HELP (\S+) \S/gm)]).toHaveLength(types.length)
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'octopus_active_connections 0',
      'octopus_farp_services_total 0',
      'farp_manifest_watch_events_total 0',
    ])
    expect(text.endsWith('\n')).toBe(true)
  })

  it('[R37] counts by method, status and route template', async () => {
    const gateway = await start()
    for (let i = 0; i < 3; i++) await request(gateway, { target: `/users/${i}?q=${i}` })
    await request(gateway, { target: '/users/1', method: 'DELETE' }, new ScriptedWire({ status: 204 }))
    expect(lines(gateway, 'octopus_requests_total')).toEqual([
      'octopus_requests_total{method="GET",status="200",route="/users/:id"} 3',
      'octopus_requests_total{method="DELETE",status="204",route="/users/:id"} 1',
    ])
    expect(lines(gateway, 'octopus_upstream_requests_total')).toEqual([
      'octopus_upstream_requests_total{upstream="up",status="200"} 3',
      'octopus_upstream_requests_total{upstream="up",status="204"} 1',
    ])
  })

  it('[R37] [F12.19.labels] random URLs, hosts and methods add no series', async () => {
    const gateway = await start()
    const series = (): number => gateway.metrics.exposition().split('\n').length
    const burst = async (): Promise<void> => {
      for (let i = 0; i < 300; i++) {
        const random = Math.random().toString(36).slice(2)
        await request(gateway, { target: `/users/${random}` })
        await request(gateway, { target: `/${random}/x` })
        await request(gateway, { target: `//${random}` })
        await request(gateway, { target: '/users/1', method: random.toUpperCase().replaceAll(/\d/g, 'X') })
        await request(gateway, { target: '/', fields: ['Host', `${random}.test`] })
      }
    }
    await burst()
    const before = series()
    await burst()
    expect(series()).toBe(before)
    expect(lines(gateway, 'octopus_requests_total')).toEqual([
      'octopus_requests_total{method="GET",status="404",route="unmatched"} 1200',
      'octopus_requests_total{method="GET",status="400",route="rejected"} 600',
      'octopus_requests_total{method="GET",status="200",route="/users/:id"} 600',
      'octopus_requests_total{method="OTHER",status="200",route="/users/:id"} 600',
    ])
  })

  it('counts every attempt at an upstream', async () => {
    const gateway = await start()
    await request(gateway, { target: '/users/1' }, new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, { status: 503 }))
    expect(lines(gateway, 'octopus_upstream_requests_total')).toEqual([
      'octopus_upstream_requests_total{upstream="up",status="error"} 1',
      'octopus_upstream_requests_total{upstream="up",status="503"} 1',
    ])
  })

  it('[R37] the histogram is real: each observation is in its buckets, and sum and count agree', () => {
    const histogram = new Histogram()
    const seconds = [0.0004, 0.001, 0.0011, 0.3, 0.3, 31]
    for (const one of seconds) histogram.observe(one)
    const text = histogram.lines('x', 'a="b"').trim().split('\n')
    for (const bound of [...DURATION_BUCKETS, Number.POSITIVE_INFINITY]) {
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
      expect(text).toContain(`x_bucket{a="b",le="${le}"} ${seconds.filter((one) => one <= bound).length}`)
    }
    expect(text.slice(-2)).toEqual([`x_sum{a="b"} ${seconds.reduce((sum, one) => sum + one, 0)}`, 'x_count{a="b"} 6'])
  })

  it('[R37] puts requests into the histogram by method and template', async () => {
    const gateway = await start()
    await request(gateway, { target: '/users/1' })
    const [first, ...rest] = lines(gateway, 'octopus_request_duration_seconds')
    expect(first).toMatch(/^octopus_request_duration_seconds_bucket\{method="GET",route="\/users\/:id",le="0\.001"\} [01]$/)
    expect(rest.at(-1)).toBe('octopus_request_duration_seconds_count{method="GET",route="/users/:id"} 1')
  })

  it('escapes label values', async () => {
    expect(labelValue('a"b\\c\nd')).toBe('"a\\"b\\\\c\\nd"')
    const gateway = await start({ upstreams: { 'u"p\n': ['http://10.0.0.1'] }, routes: [{ path: '/q"x', upstream: 'u"p\n' }] })
    await request(gateway, { target: '/q"x' })
    expect(lines(gateway, 'octopus_upstream_requests_total{')).toEqual([
      'octopus_upstream_requests_total{upstream="u\\"p\\n",status="200"} 1',
    ])
    expect(lines(gateway, 'octopus_requests_total')).toEqual(['octopus_requests_total{method="GET",status="200",route="/q\\"x"} 1'])
  })

  it('shows connections, plugins, and the services and routes of FARP', async () => {
    const source = new ScriptedSource('farp')
    const named = definePlugin({ name: 'named', version: '1.2.3', config: v.optional(v.number()), setup: () => ({}) })
    const gateway = await start({ sources: [source], plugins: [named(1), named(2)], routes: [], upstreams: {} })
    const set = setOf('users', '1', ['/a', '/b'])
    source.say([{ ...set, routes: set.routes.map((route) => ({ ...route, meta: { schemaType: 'openapi' } })) }])
    await gateway.synced
    gateway.metrics.connections(2)
    gateway.metrics.connections(-1)
    const text = gateway.metrics.exposition()
    for (const line of [
      'octopus_active_connections 1',
      'octopus_farp_services_total 1',
      'octopus_farp_routes_total{service="users",type="openapi"} 2',
      'octopus_plugin_loaded{plugin="named",version="1.2.3"} 1',
    ]) {
      expect(text.split('\n').filter((one) => one === line)).toEqual([line])
    }
  })

  it('counts nothing when metrics are off', async () => {
    const gateway = await start({ ...ROUTES, metrics: false })
    await request(gateway, { target: '/users/1' })
    expect(lines(gateway, 'octopus_requests_total')).toEqual([])
  })
})

describe('the access log', () => {
  it('never contains the query, and names the upstream that was asked', async () => {
    const { accessLog, entries } = recorder()
    const gateway = await start({ ...ROUTES, accessLog })
    await request(gateway, { target: '/users/1?token=secret' })
    await request(gateway, { target: '/none?token=secret' })
    await request(gateway, { target: '//?token=secret' })
    expect(entries.map(({ path, status, upstream, method }) => [method, path, status, upstream])).toEqual([
      ['GET', '/users/1', 200, 'up'],
      ['GET', '/none', 404, '-'],
      ['GET', '//', 400, '-'],
    ])
    expect(entries.every(({ traceId, durationMs }) => /^[\da-f]{32}$/.test(traceId) && durationMs >= 0)).toBe(true)
  })
})

describe('adding up', () => {
  it('gives the same text as one process that counted everything', async () => {
    const [one, two, all] = [await start(), await start(), await start()]
    const burst = async (gateway: Gateway, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await request(gateway, { target: `/users/${i}` })
      await request(gateway, { target: '/none' })
      await request(gateway, { target: '/users/1', method: 'PUT' }, new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, { status: 503 }))
      gateway.metrics.connections(1)
    }
    await burst(one, 3)
    await burst(two, 4)
    await burst(all, 3)
    await burst(all, 4)
    // Durations are what they are, and which endpoint was tried first too: only how many there were can be compared.
    const comparable = (text: string): string[] =>
      text.split('\n').filter((line) => !/_(bucket|sum)\{|^octopus_upstream_endpoints\{/.test(line))
    expect(comparable(one.metrics.exposition([structuredClone(two.metrics.snapshot())]))).toEqual(comparable(all.metrics.exposition()))
    expect(one.metrics.exposition([two.metrics.snapshot()])).toBe(one.metrics.exposition([two.metrics.snapshot()]))
    expect(lines(one, 'octopus_active_connections')).toEqual(['octopus_active_connections 1'])
  })

  it('adds histograms by bucket', () => {
    const [a, b, both] = [new Histogram(), new Histogram(), new Histogram()]
    for (const seconds of [0.001, 0.25, 31]) for (const one of [a, both]) one.observe(seconds)
    for (const seconds of [0.5, 0.25]) for (const one of [b, both]) one.observe(seconds)
    a.merge(structuredClone(b.snapshot()))
    expect(a.lines('x', 'a="b"')).toBe(both.lines('x', 'a="b"'))
  })

  it('adds what sources counted; a ratio is that of all processes together', () => {
    const [one, two, both] = [new FarpMetrics(), new FarpMetrics(), new FarpMetrics()]
    const counts = { services: 0, routes: [] }
    for (const meter of [one, both]) {
      meter.schemaFetched('openapi', 'success', 20)
      meter.schemaCached()
      meter.schemaUpdated('users')
      meter.routesUpdated('added', 4)
      meter.routesUpdated('removed', 0)
    }
    for (const meter of [two, both]) {
      meter.schemaFetched('openapi', 'success', 3)
      meter.schemaFetched('grpc', 'error', 5000)
      meter.contractChanged('users', 'safe')
      meter.manifestSeen()
      meter.routesUpdated('added', 1)
    }
    one.merge(structuredClone(two.snapshot()))
    expect(one.exposition(counts)).toBe(both.exposition(counts))
    expect(one.exposition(counts).split('\n')).toEqual(
      expect.arrayContaining([
        'farp_manifest_watch_events_total 1',
        'farp_schema_fetch_total{type="openapi",status="success"} 2',
        'farp_schema_fetch_total{type="grpc",status="error"} 1',
        'farp_schema_fetch_duration_seconds_bucket{le="0.005"} 1',
        'farp_schema_fetch_duration_seconds_count 3',
        'farp_schema_cache_hit_ratio 0.25',
        'farp_route_updates_total{action="added"} 5',
      ]),
    )
    expect(one.exposition(counts)).not.toContain('removed')
  })

  it('a snapshot does not change when counting goes on', async () => {
    const gateway = await start()
    await request(gateway, { target: '/users/1' })
    const before = gateway.metrics.snapshot()
    const copy = structuredClone(before)
    await request(gateway, { target: '/users/1' })
    expect(before).toEqual(copy)
  })
})
