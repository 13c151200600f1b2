import { closedBehind } from './closed.ts'
import type { CompiledRoutes } from './compiled.ts'
import { compilePhases } from '../plugin/compile.ts'
import { compileRewrite } from '../routing/rewrite.ts'
import { patternOf } from '../routing/pattern.ts'
import { fieldsBehind } from './response-fields.ts'
import { IDENTITY_FIELDS, OwnFields } from '../exchange/own-fields.ts'
import { retryPolicy } from '../exchange/retry-settings.ts'
import { RouteTable } from '../routing/table.ts'
import { slices } from '../slices.ts'
import { Split } from '../routing/split.ts'
import { toMilliseconds } from '../time.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { CompiledRoute } from '../routing/compiled-route.ts'
import type { Lane, Mirror } from '../routing/route.ts'
import type { RouteDefinition } from '../routing/definition.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { OwnedRewrite } from '../routing/mount-rewrites.ts'
import type { MiddlewareHandler } from 'hono'
import type { RetryPolicy } from '../exchange/retry-settings.ts'
import type { RouteEntry } from './entries.ts'
import type { RoutingOptions } from '../options.ts'
import type { RoutingSettings } from '../upstream/definition.ts'

/** What a build looks up while it makes routes. */
export interface BuildHost {
  readonly routing: RoutingOptions
  /** The upstream of a route by the name it is called by there. */
  upstreamOf(entry: RouteEntry, name: string): { readonly upstream: LiveUpstream; readonly settings: RoutingSettings }
  /** Hooks for the plugins of a route, the gateway's own first. */
  hooksOf(definition: RouteDefinition): readonly Hooks[]
  /** The routes of earlier generations. */
  readonly compiled: CompiledRoutes
  /** The index of the metric series of a route template. */
  seriesFor(label: string): number
}

/** The routes of a generation and the table that finds them. */
export interface Built {
  readonly routes: readonly CompiledRoute[]
  readonly standby: readonly { readonly route: CompiledRoute; readonly winner: CompiledRoute }[]
  readonly table: RouteTable
}

/** Compiles routes off the request path, in slices. */
export async function buildRoutes(entries: readonly RouteEntry[], mounts: readonly OwnedRewrite[], host: BuildHost): Promise<Built> {
  const table = new RouteTable(mounts)
  const routes: CompiledRoute[] = []
  const standby: { route: CompiledRoute; winner: CompiledRoute }[] = []
  const shared: Shared = { phases: new Map(), retries: new Map(), methods: new Map() }
  const turn = slices()
  for (const entry of entries) {
    await turn()
    const route = compileRoute(entry, host, shared)
    const pattern = patternOf(entry.definition)
    let isPlaced = false
    for (const method of route.methods ?? [null]) {
      const winner = table.add(route, pattern, method)
      if (winner === null) isPlaced = true
      else if (winner !== route) standby.push({ route, winner })
    }
    if (isPlaced) routes.push(route)
  }
  // The first look-up compiles what the engine compiles lazily; no client should wait for it.
  table.match('warm.invalid', 'GET', '/')
  return { routes, standby, table }
}

/** What routes that say nothing of their own have together. */
interface Shared {
  readonly phases: Map<readonly Hooks[], ReturnType<typeof compilePhases>>
  /** By the settings of the upstream. */
  readonly retries: Map<RoutingSettings, RetryPolicy>
  readonly methods: Map<string, readonly string[]>
}

function compileRoute(entry: RouteEntry, host: BuildHost, shared: Shared): CompiledRoute {
  const { upstream: target, splitOn = null } = entry.definition
  if (typeof target === 'string') {
    if (entry.definition.mirror !== undefined) return compileBranch(entry, host, { name: target, shared })
    const { upstream, settings } = host.upstreamOf(entry, target)
    const of = { entry, upstream, settings, hooks: host.hooksOf(entry.definition), routing: host.routing }
    return host.compiled.find(of) ?? host.compiled.keep(of, compileBranch(entry, host, { name: target, shared }))
  }
  const branches = target.map(({ upstream, weight = 1, match = null }) => ({
    route: compileBranch(entry, host, { name: upstream, shared }),
    weight,
    match,
  }))
  const split = new Split(branches, splitOn)
  // All ways of a route take one lane: the web lane, where one of them needs it.
  const { lane, laneReason } = branches.find(({ route }) => route.lane === 'web')?.route ?? branches[0]!.route
  for (const branch of branches) Object.assign(branch.route, { lane, laneReason })
  return { ...branches[0]!.route, split }
}

/** A route as it is with one of its upstreams. */
function compileBranch(entry: RouteEntry, host: BuildHost, { name, shared }: { name: string; shared: Shared }): CompiledRoute {
  const { definition } = entry
  const { upstream, settings } = host.upstreamOf(entry, name)
  const own = host.hooksOf(definition)
  const guarded = definition.auth === 'nobody' ? closedBehind(own) : own
  const hooks = definition.responseFields === undefined ? guarded : fieldsBehind(guarded, definition.responseFields)
  let phases = shared.phases.get(hooks)
  if (phases === undefined) shared.phases.set(hooks, (phases = compilePhases(hooks)))
  const rewrite = compileRewrite(definition.rewrite)
  const middleware = hooks.map((hook) => hook.middleware).filter((handler) => handler !== undefined)
  const { lane, laneReason } = laneOf(upstream, middleware)
  // No spread: what is spread into an object lies outside of it, and there are thousands.
  return {
    id: entry.id,
    path: definition.path,
    host: definition.host ?? null,
    methods: methodsOf(definition, shared),
    priority: definition.priority ?? 50,
    source: entry.source,
    service: entry.service,
    upstream,
    split: null,
    mirror: mirrorOf(entry, host),
    subset: definition.subset === undefined ? null : lists(definition.subset),
    phases,
    hooks,
    middleware: middleware.length === 0 ? null : middleware,
    lane,
    laneReason,
    timeout: Math.min(
      milliseconds('timeout', 30_000, [definition, settings, host.routing]),
      toMilliseconds(definition.timeoutHint ?? Infinity),
    ),
    connectTimeout: milliseconds('connectTimeout', 2_000, [definition, settings, host.routing]),
    idleTimeout: milliseconds('idleTimeout', 60_000, [definition, settings, host.routing]),
    // The gateway's own default is for bodies; a stream that may be silent is cut only by who says so.
    streamIdleTimeout: milliseconds('idleTimeout', Infinity, [definition, settings]),
    retry: retryOf(definition, settings, { host, shared }),
    idempotent: definition.idempotent ?? null,
    auth: definition.auth ?? null,
    deprecated: definition.deprecated ?? false,
    ownFields: ownFieldsOf(hooks, definition),
    carries: carriesOf(upstream, hooks),
    tags: definition.tags ?? NO_TAGS,
    meta: definition.meta ?? NO_META,
    metric: host.seriesFor(definition.path),
    rules: definition.rewrite?.rules ?? null,
    rewrite: rewrite === null ? unchanged : (head) => void (head.target = rewrite(head.target)),
  }
}

function methodsOf({ methods }: RouteDefinition, shared: Shared): readonly string[] | null {
  if (methods === undefined) return null
  const key = methods.join(' ')
  let list = shared.methods.get(key)
  if (list === undefined) shared.methods.set(key, (list = methods.map((method) => method.toUpperCase())))
  return list
}

function retryOf(
  definition: RouteDefinition,
  settings: RoutingSettings,
  { host, shared }: { host: BuildHost; shared: Shared },
): RetryPolicy {
  const { retries, retry, hedge } = definition
  if (retries !== undefined || retry !== undefined || hedge !== undefined) return retryPolicy([definition, settings, host.routing])
  let policy = shared.retries.get(settings)
  if (policy === undefined) shared.retries.set(settings, (policy = retryPolicy([settings, host.routing])))
  return policy
}

function mirrorOf(entry: RouteEntry, host: BuildHost): Mirror | null {
  const { mirror } = entry.definition
  if (mirror === undefined) return null
  const { upstream, settings } = host.upstreamOf(entry, mirror.upstream)
  return {
    upstream,
    percent: mirror.percent ?? 100,
    maxBody: mirror.maxBody ?? 64 * 1024,
    headers: mirror.headers ?? {},
    timeout: milliseconds('timeout', 30_000, [settings, host.routing]),
    connectTimeout: milliseconds('connectTimeout', 2_000, [settings, host.routing]),
  }
}

const NO_TAGS: readonly string[] = Object.freeze([])
const NO_META: Readonly<Record<string, unknown>> = Object.freeze({})

function unchanged(): void {}

/** Beside those that are taken from every request. Routes with the same plugins share one list of hooks, and so one set of names. */
function ownFieldsOf(hooks: readonly Hooks[], { ownFields = [], mirror }: RouteDefinition): OwnFields | null {
  const more = [...ownFields, ...Object.keys(mirror?.headers ?? {})]
  const key = more.join(' ').toLowerCase()
  const known = ownFieldsByHooks.get(hooks) ?? new Map<string, OwnFields | null>()
  ownFieldsByHooks.set(hooks, known)
  let own = known.get(key)
  if (own === undefined) {
    const names = [...hooks.flatMap((hook) => hook.ownFields ?? []), ...more.map((name) => name.toLowerCase())]
    const others = names.filter((name) => !IDENTITY_FIELDS.has(name))
    known.set(key, (own = others.length === 0 ? null : new OwnFields(others)))
  }
  return own
}

const ownFieldsByHooks = new WeakMap<readonly Hooks[], Map<string, OwnFields | null>>()

/** One object for each case, not one for each of thousands of routes. By WebSocket, by gRPC. */
const CARRIES = [false, true].map((websocket) => [false, true].map((grpc) => Object.freeze({ http: true, websocket, grpc })))

/** A middleware that a protocol cannot pass through may be a guard: without the author's word the protocol is refused. */
function carriesOf(upstream: LiveUpstream, hooks: readonly Hooks[]): CompiledRoute['carries'] {
  const carries = (protocol: 'websocket' | 'grpc'): boolean =>
    upstream.handler === null && hooks.every((hook) => hook.middleware === undefined || hook.carries?.includes(protocol) === true)
  return CARRIES[carries('websocket') ? 1 : 0]![carries('grpc') ? 1 : 0]!
}

function laneOf(upstream: LiveUpstream, middleware: readonly MiddlewareHandler[]): { lane: Lane; laneReason: string | null } {
  if (middleware.length > 0)
    return { lane: 'web', laneReason: `middleware ${middleware.map((handler) => handler.name || 'anonymous').join(', ')}` }
  return upstream.handler === null
    ? { lane: 'head', laneReason: null }
    : { lane: 'web', laneReason: `upstream ${upstream.name} is a function` }
}

function milliseconds(key: 'timeout' | 'connectTimeout' | 'idleTimeout', otherwise: number, from: readonly RoutingSettings[]): number {
  for (const settings of from) {
    const value = settings[key]
    if (value !== undefined) return toMilliseconds(value)
  }
  return otherwise
}

function lists(subset: Readonly<Record<string, string | readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(subset).map(([label, value]) => [label, typeof value === 'string' ? [value] : value]))
}
