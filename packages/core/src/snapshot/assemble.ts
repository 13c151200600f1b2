import { balancingIssues, balancingPolicy } from '../upstream/balancing.ts'
import { buildRoutes } from './build.ts'
import { collectEntries, CONFIG, placeOf } from './entries.ts'
import { ConfigError } from '../errors.ts'
import { endpointsOf } from '../discovery/resolve.ts'
import { DEFAULT_TRANSPORT } from '../upstream/transport.ts'
import { Generation } from './current.ts'
import { mirrorIssues } from './validate-mirror.ts'
import { policyPlugins } from '../plugins/route-policies.ts'
import { slices } from '../slices.ts'
import { healthIssues, healthPolicy } from '../upstream/health.ts'
import { enforcedBy, enforcementIssues, setIssues } from './validate-auth.ts'
import { isOptions, rewriteIssues, validateRoutes, validateSettings, validateUpstreams } from './validate.ts'
import type { CompiledRoutes } from './compiled.ts'
import type { ConfigIssue } from '../errors.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { GatewayOptions, RoutingOptions } from '../options.ts'
import type { Hooks, Plugin } from '../plugin/plugin.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { OwnedRewrite } from '../routing/mount-rewrites.ts'
import type { PluginSet } from '../plugin/set.ts'
import type { RouteDefinition } from '../routing/definition.ts'
import type { RouteEntry } from './entries.ts'
import type { RoutePolicies } from '../plugins/route-policies.ts'
import type { RouteSet } from './route-set.ts'
import type { RoutingSettings, UpstreamDefinition, UpstreamOptions } from '../upstream/definition.ts'
import type { ServiceSet } from '../discovery/provider.ts'
import type { Transport } from '../upstream/transport.ts'
import type { UpstreamSet } from '../upstream/upstream-set.ts'

/** One object: routes that were made with it can be used again. */
const NO_ROUTING: RoutingOptions = Object.freeze({})

/** What generations are made with; all of it outlives any of them. */
export interface Workshop {
  readonly upstreams: UpstreamSet
  readonly plugins: PluginSet
  readonly compiled: CompiledRoutes
  seriesFor(label: string): number
}

/** An upstream of a generation, with where its endpoints come from. */
interface Placed {
  readonly upstream: LiveUpstream
  readonly settings: RoutingSettings
  /** What its endpoints were read from. */
  definition: UpstreamDefinition
  endpoints: readonly Endpoint[] | { readonly discover: string }
}

/** A generation that is ready to serve, and what must be done when it starts and when it ends. */
export interface Assembly {
  readonly generation: Generation
  /** Hooks of the gateway's own plugins, in order. */
  readonly hooks: readonly Hooks[]
  /** The endpoints that `commit` would give, by the name of the upstream. */
  planned(services: ServiceSet): ReadonlyMap<string, readonly Endpoint[]>
  /** Gives the upstreams their endpoints; called in the tick of the swap. */
  commit(services: ServiceSet): void
  /** New instances, same routes: one assignment per upstream that is affected. Returns the upstreams that changed. */
  assign(services: ServiceSet, sets: ReadonlyMap<string, readonly RouteSet[]>): LiveUpstream[]
  /** Lets go of everything a generation that never served holds. */
  abandon(): Promise<void>
}

/** Every issue of hand-written options; empty when they are fine. */
export async function checkOptions(options: GatewayOptions): Promise<ConfigIssue[]> {
  const upstreams = options.upstreams ?? {}
  const routes = options.routes ?? []
  const ofRoutes = await validateRoutes(routes, new Set(Object.keys(upstreams)), 'routes')
  const { routing = {} } = options
  const issues = [
    ...validateSettings(routing, 'routing'),
    ...balancingIssues(routing, 'routing'),
    ...healthIssues(routing, 'routing'),
    ...validateUpstreams(upstreams, 'upstreams', routing),
    ...ofRoutes,
    ...mirrorIssues(routes, upstreams),
    ...routes.flatMap(({ policies }, index) =>
      policies === undefined
        ? []
        : [{ code: 'invalid_value', path: `routes[${index}].policies`, message: 'Only routes of sources have policies: use plugins.' }],
    ),
  ]
  return issues.length > 0 ? issues : checkDuplicates(routes)
}

async function checkDuplicates(routes: readonly RouteDefinition[]): Promise<ConfigIssue[]> {
  const places = new Map<string, number>()
  const ids = new Map<string, number>()
  const issues: ConfigIssue[] = []
  const turn = slices()
  for (const [index, route] of routes.entries()) {
    await turn()
    const holder = route.id === undefined ? undefined : ids.get(route.id)
    if (holder !== undefined)
      issues.push({
        code: 'duplicate_id',
        path: `routes[${index}].id`,
        message: `routes[${holder}] already has the id "${route.id}": give one of them another.`,
      })
    else if (route.id !== undefined) ids.set(route.id, index)
    for (const method of route.methods ?? ['*']) {
      const place = placeOf(route, method.toUpperCase())
      const first = places.get(place)
      if (first !== undefined && first !== index) {
        issues.push({
          code: 'duplicate_route',
          path: `routes[${index}]`,
          message: `routes[${first}] already has this host, path and ${route.methods === undefined ? 'methods' : `method ${method}`}: remove one of them, or give one another priority.`,
        })
      } else places.set(place, index)
    }
  }
  return issues
}

/** Every issue of what a source said about a service. */
export async function checkSet(set: RouteSet, enforced: ReadonlySet<string>): Promise<ConfigIssue[]> {
  const issues = [
    ...validateUpstreams(set.upstreams, 'upstreams'),
    ...(await validateRoutes(set.routes, new Set(Object.keys(set.upstreams)), 'routes')),
    ...mirrorIssues(set.routes, set.upstreams),
    ...(set.rewrites ?? []).flatMap((rewrite, index) => rewriteIssues(rewrite, `rewrites[${index}]`)),
  ]
  return issues.length > 0 ? issues : set.routes.flatMap((route, index) => enforcementIssues(route, enforced, `routes[${index}].auth`))
}

/** In the order of the sources: where two services rewrite below the same mount, the first one is asked first. */
function rewritesOf(sets: ReadonlyMap<string, readonly RouteSet[]>): OwnedRewrite[] {
  return [...sets].flatMap(([source, list]) =>
    list.flatMap(({ service, rewrites = [] }) => rewrites.map((rewrite) => ({ ...rewrite, source, service }))),
  )
}

/** Builds a generation from valid options and valid sets. Rejects with a `ConfigError` when a plugin cannot be set up; then nothing is held. */
export async function assemble(
  workshop: Workshop,
  number: number,
  from: { options: GatewayOptions; sets: ReadonlyMap<string, readonly RouteSet[]> },
): Promise<Assembly> {
  const { options, sets } = from
  const hooks = new HookLists(workshop.plugins, await workshop.plugins.acquire(options.plugins ?? []))
  await hooks.addRoutes(options.routes ?? [])
  await hooks.addSets(sets)
  const unenforced = [...hooks.unenforced(options.routes ?? []), ...setIssues(sets, enforcedBy(hooks.own))]
  if (unenforced.length > 0) {
    await workshop.plugins.release(hooks.acquired)
    throw new ConfigError(unenforced)
  }
  const placed = place(workshop, options, sets)
  const letGo = (): Promise<void> => {
    workshop.upstreams.release([...placed.values()].map(({ upstream }) => upstream))
    return workshop.plugins.release(hooks.acquired)
  }
  const host = {
    routing: options.routing ?? NO_ROUTING,
    compiled: workshop.compiled,
    upstreamOf: ({ source, service }: RouteEntry, name: string) => {
      const { upstream, settings } = placed.get(upstreamKey(source, service, name))!
      return { upstream, settings }
    },
    hooksOf: (definition: RouteDefinition) => hooks.of(definition),
    seriesFor: (label: string) => workshop.seriesFor(label),
  }
  const built = await collectEntries(options.routes ?? [], sets)
    .then((entries) => buildRoutes(entries, rewritesOf(sets), host))
    .catch(async (thrown: unknown) => {
      await letGo()
      throw thrown
    })
  const upstreams = new Map([...placed.values()].map(({ upstream }) => [upstream.name, upstream]))
  const generation = new Generation(
    { generation: number, routes: built.routes, upstreams, sets, standby: built.standby, table: built.table },
    () => void letGo(),
  )
  return {
    generation,
    hooks: hooks.own,
    planned: (services) => new Map([...placed.values()].map((one) => [one.upstream.name, endpointsFor(one, services)])),
    commit: (services) => placed.forEach((one) => one.upstream.assign(endpointsFor(one, services))),
    assign: (services, next) => assignEndpoints(placed, services, next),
    abandon: letGo,
  }
}

function assignEndpoints(
  placed: ReadonlyMap<string, Placed>,
  services: ServiceSet,
  sets: ReadonlyMap<string, readonly RouteSet[]>,
): LiveUpstream[] {
  const moved = new Set<Placed>()
  for (const [source, list] of sets) {
    for (const set of list) {
      for (const [name, definition] of Object.entries(set.upstreams)) {
        const one = placed.get(upstreamKey(source, set.service, name))
        // The very object as before, as sources with many services say of most of them.
        if (one === undefined || one.definition === definition) continue
        Object.assign(one, { definition, endpoints: endpointsIn(definition) })
        moved.add(one)
      }
    }
  }
  return [...placed.values()]
    .filter((one) => (moved.has(one) || 'discover' in one.endpoints) && one.upstream.assign(endpointsFor(one, services)))
    .map((one) => one.upstream)
}

function endpointsFor(one: Placed, services: ServiceSet): readonly Endpoint[] {
  return 'discover' in one.endpoints ? endpointsOf(services, one.endpoints.discover) : one.endpoints
}

function place(workshop: Workshop, options: GatewayOptions, sets: ReadonlyMap<string, readonly RouteSet[]>): Map<string, Placed> {
  const { routing = {} } = options
  const placed = new Map<string, Placed>()
  const taken = new Set<string>()
  const put = (key: string, name: string, definition: UpstreamDefinition): void => {
    // A source that tells of one service twice: the first set counts.
    if (placed.has(key)) return
    taken.add(name)
    const handler = typeof definition === 'function' ? definition : null
    const settings: Partial<UpstreamOptions> = isOptions(definition) ? definition : NO_ROUTING
    const upstream = workshop.upstreams.acquire({
      key,
      name,
      handler,
      hostMode: settings.host ?? 'preserve',
      transport: transportOf(settings),
      balancing: balancingPolicy(settings, routing),
      health: healthPolicy([settings, routing]),
    })
    placed.set(key, { upstream, settings, definition, endpoints: endpointsIn(definition) })
  }
  for (const [name, definition] of Object.entries(options.upstreams ?? {})) put(upstreamKey(CONFIG, null, name), name, definition)
  for (const [source, list] of sets) {
    for (const set of list) {
      for (const [name, definition] of Object.entries(set.upstreams)) {
        put(upstreamKey(source, set.service, name), taken.has(name) ? `${source}:${set.service}:${name}` : name, definition)
      }
    }
  }
  return placed
}

function transportOf({ protocol = 'auto', tls }: Partial<UpstreamOptions>): Transport {
  return protocol === 'auto' && tls === undefined ? DEFAULT_TRANSPORT : { protocol, tls: tls ?? null }
}

function upstreamKey(source: string, service: string | null, name: string): string {
  return JSON.stringify([source, service, name])
}

function endpointsIn(definition: UpstreamDefinition): Placed['endpoints'] {
  if (typeof definition === 'function')
    return [{ id: `function:${definition.name}`, origin: 'http://function.invalid', weight: 1, labels: {} }]
  const { endpoints } = isOptions(definition) ? definition : { endpoints: definition }
  if ('discover' in endpoints) return endpoints
  return endpoints.map((endpoint) => (typeof endpoint === 'string' ? { id: endpoint, origin: endpoint, weight: 1, labels: {} } : endpoint))
}

/** The hooks of every list of plugins in use: routes with the same plugins share one list, so that phases are compiled once. */
class HookLists {
  readonly own: readonly Hooks[]
  readonly acquired: Hooks[]
  readonly #plugins: PluginSet
  readonly #lists = new Map<readonly Plugin[], readonly Hooks[]>()
  readonly #policed = new Map<RoutePolicies, readonly Hooks[]>()

  constructor(plugins: PluginSet, own: readonly Hooks[]) {
    this.#plugins = plugins
    this.own = own
    this.acquired = [...own]
  }

  async addRoutes(routes: readonly RouteDefinition[]): Promise<void> {
    const issues: ConfigIssue[] = []
    for (const { plugins } of routes) {
      if (plugins === undefined || plugins.length === 0 || this.#lists.has(plugins)) continue
      try {
        const hooks = await this.#plugins.acquire(plugins)
        this.acquired.push(...hooks)
        this.#lists.set(plugins, [...this.own, ...hooks])
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown
        issues.push(...thrown.issues)
      }
    }
    if (issues.length === 0) return
    await this.#plugins.release(this.acquired)
    throw new ConfigError(issues)
  }

  /** The policies of routes of sources. They were checked before; a generation without one of them must not serve. */
  async addSets(sets: ReadonlyMap<string, readonly RouteSet[]>): Promise<void> {
    const hasCors = this.own.some(({ onPreflight }) => onPreflight !== undefined)
    const turn = slices()
    for (const [source, list] of sets) {
      for (const { service, routes } of list) {
        for (const { policies } of routes) {
          if (policies === undefined || this.#policed.has(policies)) continue
          await turn()
          const { cors, ...others } = policies
          const plugins = policyPlugins(hasCors || cors === undefined ? others : policies, JSON.stringify([source, service]))
          const hooks = await this.#plugins.acquire(plugins).catch(async (thrown: unknown) => {
            await this.#plugins.release(this.acquired)
            throw thrown
          })
          this.acquired.push(...hooks)
          this.#policed.set(policies, [...this.own, ...hooks])
        }
      }
    }
  }

  /** What hand-written routes demand of their callers and nobody enforces. */
  unenforced(routes: readonly RouteDefinition[]): ConfigIssue[] {
    return routes.flatMap((route, index) => enforcementIssues(route, enforcedBy(this.of(route)), `routes[${index}].auth`))
  }

  of(definition: RouteDefinition): readonly Hooks[] {
    if (definition.policies !== undefined) return this.#policed.get(definition.policies) ?? this.own
    return (definition.plugins === undefined ? undefined : this.#lists.get(definition.plugins)) ?? this.own
  }
}
