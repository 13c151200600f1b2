import { ConfigError, staticDiscovery, type DiscoveryProvider, type RouteSource, type StaticService } from '@octopus-gateway/core'
import type { Config } from '../schema/root.ts'
import type { ConfigHost } from '../options.ts'
import { configSchema } from '../schema/root.ts'
import * as v from 'valibot'

/** The providers of a configuration. */
export function discoveryProviders({ discovery }: Config): DiscoveryProvider[] {
  if (discovery === undefined) return []
  return [staticDiscovery(discovery.static.services.map(staticService))]
}

function staticService(service: NonNullable<Config['discovery']>['static']['services'][number]): StaticService {
  return {
    name: service.name,
    address: service.address,
    port: service.port,
    weight: service.weight,
    ...(service.zone === undefined ? {} : { zone: service.zone }),
    ...(service.version === undefined ? {} : { version: service.version }),
    ...(service.metadata === undefined ? {} : { metadata: service.metadata }),
  }
}

const FARP = '@octopus-gateway/farp'

/** The route sources of a configuration. FARP is a package of its own and is loaded only where it is used. */
export async function routeSources(config: Config, host: ConfigHost): Promise<RouteSource[]> {
  // Without a provider there is nobody whose routes a source could make.
  if (config.discovery === undefined) return []
  const farp = config.farp ?? v.parse(configSchema.entries.farp.wrapped, {})
  if (!farp.enabled) return []
  const module = await load(FARP, host)
  return [
    module({
      watchInterval: farp.watch_interval,
      schemaCacheTtl: farp.schema_cache_ttl,
      defaultStrategy: farp.default_strategy,
      rootMounts: farp.root_mounts,
      allowedHosts: farp.allowed_hosts,
      hashVerification: farp.hash_verification,
      includeIntrospection: farp.include_introspection,
      routeLinger: farp.route_linger,
      ...(farp.domain === undefined ? {} : { domain: farp.domain }),
      ...(farp.probe === undefined ? {} : { probe: farp.probe }),
    }),
  ]
}

type FarpFactory = (options: Readonly<Record<string, unknown>>) => RouteSource

async function load(specifier: string, host: ConfigHost): Promise<FarpFactory> {
  const missing = (reason: string): ConfigError =>
    new ConfigError([
      { code: 'missing_package', path: 'farp', message: `${specifier} ${reason}; install it, or set farp.enabled to false` },
    ])
  let module: unknown
  try {
    module = await host.import(specifier)
  } catch (error) {
    throw missing(`could not be loaded (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`)
  }
  const factory = (module as { readonly farp?: unknown } | null)?.farp
  if (typeof factory !== 'function') throw missing('does not export farp()')
  return factory as FarpFactory
}
