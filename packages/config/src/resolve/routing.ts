import type {
  Endpoint,
  MirrorDefinition,
  RouteDefinition,
  RoutingOptions,
  RoutingSettings,
  UpstreamOptions,
  UpstreamTls,
} from '@octopus-gateway/core'
import { gatewayBalancing, ownBalancing } from './balancing.ts'
import { demandOf } from '../plugins/demands.ts'
import type { Chains } from '../plugins/chains.ts'
import type { Config } from '../schema/root.ts'
import type { PemFiles } from '../pem/files.ts'
import { healthSettings } from './health.ts'
import { isIPv6 } from 'node:net'
import { retrySettings } from './retry.ts'

type ConfigUpstream = Config['upstreams'][number]
type ConfigRoute = Config['routes'][number]

/** `routing` as the gateway's defaults. */
export function routingOptions({ routing }: Config): RoutingOptions {
  return { ...timeouts(routing), ...retrySettings(routing), ...gatewayBalancing(routing), ...healthSettings(routing) }
}

/** `upstreams` by name. */
export function upstreamOptions({ upstreams }: Config, files: PemFiles): Record<string, UpstreamOptions> {
  return Object.fromEntries(
    upstreams.map((upstream, index) => {
      const tls = upstream.tls === undefined ? {} : { tls: tlsOptions(upstream.tls, () => files.at('upstreams', index, 'tls', 'ca').text) }
      return [upstream.name, { ...oneUpstream(upstream), ...tls }]
    }),
  )
}

function tlsOptions({ ca, verify, server_name }: NonNullable<ConfigUpstream['tls']>, read: () => string): UpstreamTls {
  return {
    ...(ca === undefined ? {} : { ca: read() }),
    verify,
    ...(server_name === undefined ? {} : { serverName: server_name }),
  }
}

function oneUpstream(upstream: ConfigUpstream): UpstreamOptions {
  return {
    protocol: upstream.protocol,
    endpoints: upstream.service === undefined ? endpoints(upstream) : { discover: upstream.service },
    host: upstream.host,
    ...timeouts(upstream),
    ...retrySettings(upstream),
    ...ownBalancing(upstream),
    ...healthSettings(upstream),
  }
}

function endpoints({ scheme = 'http', instances = [] }: ConfigUpstream): Endpoint[] {
  return instances.map((instance) => {
    const origin = `${scheme}://${isIPv6(instance.address) ? `[${instance.address}]` : instance.address}:${instance.port}`
    return {
      id: instance.id ?? origin,
      origin,
      weight: instance.weight,
      ...(instance.zone === undefined ? {} : { zone: instance.zone }),
      ...(instance.priority === undefined ? {} : { priority: instance.priority }),
      labels: instance.metadata ?? {},
    }
  })
}

/** `routes` in the order of the file. */
export function routeDefinitions({ routes }: Config, chains: Chains): RouteDefinition[] {
  return routes.map((route, index) => ({
    path: route.path,
    upstream: targets(route.upstream),
    ...(route.split_on === undefined ? {} : { splitOn: route.split_on }),
    ...(route.mirror === undefined ? {} : { mirror: mirrorOf(route.mirror) }),
    priority: route.priority,
    tags: route.tags,
    ...(route.host === undefined ? {} : { host: route.host }),
    ...(route.methods === undefined ? {} : { methods: route.methods }),
    ...rewriteOf(route),
    ...timeouts(route),
    ...retrySettings(route),
    ...(route.auth === undefined ? {} : { auth: demandOf(index, route.auth, chains) }),
    ...(chains.routes.has(index) ? { plugins: chains.routes.get(index)! } : {}),
  }))
}

function mirrorOf({ upstream, percent, max_body }: NonNullable<ConfigRoute['mirror']>): MirrorDefinition {
  return { upstream, percent, maxBody: max_body }
}

/** The name alone where there is nothing else to say. */
function targets(list: ConfigRoute['upstream']): RouteDefinition['upstream'] {
  const [only] = list
  if (list.length === 1 && only!.weight === 1 && only!.match === undefined) return only!.upstream
  return list.map(({ upstream, weight, match }) => ({
    upstream,
    weight,
    ...(match === undefined
      ? {}
      : {
          match: {
            ...(match.headers === undefined ? {} : { headers: match.headers }),
            ...(match.cookies === undefined ? {} : { cookies: match.cookies }),
          },
        }),
  }))
}

function rewriteOf({ strip_prefix, rewrite, add_prefix }: ConfigRoute): Pick<RouteDefinition, 'rewrite'> {
  if (strip_prefix === undefined && rewrite === undefined && add_prefix === undefined) return {}
  return {
    rewrite: {
      ...(strip_prefix === undefined ? {} : { stripPrefix: strip_prefix }),
      ...(rewrite === undefined ? {} : { rules: [{ pattern: rewrite.pattern, replacement: rewrite.replacement }] }),
      ...(add_prefix === undefined ? {} : { addPrefix: add_prefix }),
    },
  }
}

/** The timeouts that `routing`, upstreams and routes have in common. */
interface Timeouts {
  readonly timeout?: number | undefined
  readonly connect_timeout?: number | undefined
  readonly idle_timeout?: number | undefined
}

function timeouts(from: Timeouts): RoutingSettings {
  return {
    ...(from.timeout === undefined ? {} : { timeout: from.timeout }),
    ...(from.connect_timeout === undefined ? {} : { connectTimeout: from.connect_timeout }),
    ...(from.idle_timeout === undefined ? {} : { idleTimeout: from.idle_timeout }),
  }
}
