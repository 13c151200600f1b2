import { compilePhases } from '../plugin/compile.ts'
import { EndpointPool } from '../upstream/endpoint-state.ts'
import { LiveUpstream, PLAIN_SETTINGS } from '../upstream/live-upstream.ts'
import { retryPolicy } from '../exchange/retry-settings.ts'
import type { BuiltInRoutes } from '../exchange/open.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { CompiledRoute } from '../routing/compiled-route.ts'

/** The name of the upstream of replies that the gateway makes itself. */
export const NO_UPSTREAM = '-'

/** `unmatched` (404, 405) and `rejected` (400, 414, 431…): they run `onResponse` and `onFinish` of the gateway's own plugins, nothing else. */
export function builtInRoutes(hooks: readonly Hooks[], host: { seriesFor(label: string): number }): BuiltInRoutes {
  const { onResponse, transform, onFinish } = compilePhases(hooks)
  const phases = {
    onPreflight: null,
    onRequest: null,
    onUpstreamRequest: null,
    onUpstreamResponse: null,
    onResponse,
    transform,
    onError: null,
    onFinish,
  }
  const upstream = new LiveUpstream(NO_UPSTREAM, new EndpointPool(), PLAIN_SETTINGS)
  const route = (id: string): CompiledRoute => ({
    id,
    path: id,
    host: null,
    methods: null,
    priority: 0,
    source: 'gateway',
    service: null,
    upstream,
    subset: null,
    phases,
    hooks,
    middleware: null,
    lane: 'head',
    laneReason: null,
    timeout: 30_000,
    connectTimeout: 2_000,
    idleTimeout: 60_000,
    streamIdleTimeout: Infinity,
    retry: retryPolicy([{ retries: 0 }]),
    idempotent: null,
    split: null,
    mirror: null,
    auth: null,
    deprecated: false,
    ownFields: null,
    carries: { http: true, websocket: true, grpc: true },
    tags: [],
    meta: {},
    metric: host.seriesFor(id),
    rules: null,
    rewrite() {},
  })
  return { unmatched: route('unmatched'), rejected: route('rejected') }
}
