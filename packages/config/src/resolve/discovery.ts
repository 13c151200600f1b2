import { backendOf, type Places } from './backends.ts'
import { factoryOf } from './factory.ts'
import { staticDiscovery, type DiscoveryProvider, type RouteSource, type StaticService } from '@octopus-gateway/core'
import type { Config } from '../schema/root.ts'
import type { ConfigHost } from '../options.ts'
import { configSchema } from '../schema/root.ts'
import * as v from 'valibot'

/** The providers of a configuration, in the order of `backends`. Each backend but `static` is a package of its own and is loaded only where it is used. */
export async function discoveryProviders({ discovery }: Config, places: Places, host: ConfigHost): Promise<DiscoveryProvider[]> {
  if (discovery === undefined) return []
  const names = discovery.backends ?? (discovery.backend === undefined ? [] : [discovery.backend])
  return Promise.all(
    names.map(async (name) => {
      if (name === 'static') return staticDiscovery(discovery.static.services.map(staticService))
      return backendOf(name, { block: discovery[name] ?? {}, places, host })
    }),
  )
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
      includeIntrospection: farp.include_introspection,
      routeLinger: farp.route_linger,
      trustHints: farp.trust_hints,
      collapseServiceTags: farp.collapse_service_tags,
      info: farp.info,
      merge: { conflictStrategy: farp.merge.conflict_strategy, security: { strategy: farp.merge.security_strategy } },
      ...(farp.hash_verification === undefined ? {} : { hashVerification: farp.hash_verification }),
      updatePolicy: farp.update_policy,
      ...(farp.domain === undefined ? {} : { domain: farp.domain }),
      ...(farp.probe === undefined ? {} : { probe: farp.probe }),
    }),
  ]
}

type FarpFactory = (options: Readonly<Record<string, unknown>>) => RouteSource

function load(specifier: string, host: ConfigHost): Promise<FarpFactory> {
  return factoryOf<FarpFactory>(host, { specifier, name: 'farp', path: 'farp', remedy: 'install it, or set farp.enabled to false' })
}
