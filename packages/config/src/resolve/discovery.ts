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
  // Without a provider and registrations there is nobody whose routes a source could make.
  if (config.discovery === undefined && config.farp?.push?.enabled !== true) return []
  const farp = config.farp ?? v.parse(configSchema.entries.farp.wrapped, {})
  if (!farp.enabled) return []
  const module = await load(FARP, host)
  return [
    module({
      watchInterval: farp.watch_interval,
      schemaCacheTtl: farp.schema_cache_ttl,
      defaultStrategy: farp.default_strategy,
      rootMounts: farp.root_mounts,
      reservedSubdomains: farp.reserved_subdomains,
      allowedHosts: farp.allowed_hosts,
      includeIntrospection: farp.include_introspection,
      routeLinger: farp.route_linger,
      trustHints: farp.trust_hints,
      collapseServiceTags: farp.collapse_service_tags,
      info: farp.info,
      merge: { conflictStrategy: farp.merge.conflict_strategy, security: { strategy: farp.merge.security_strategy } },
      ...(farp.hash_verification === undefined ? {} : { hashVerification: farp.hash_verification }),
      ...authOf(farp.auth),
      ...webhooksOf(farp.webhooks),
      ...(farp.push === undefined ? {} : { push: pushOptions(farp.push) }),
      updatePolicy: farp.update_policy,
      includeTags: farp.include_tags,
      excludeTags: farp.exclude_tags,
      majorAlias: farp.major_alias,
      ...(farp.instance_labels === undefined ? {} : { instanceLabels: farp.instance_labels }),
      ...(farp.region === undefined ? {} : { region: farp.region }),
      ...(farp.split_on === undefined ? {} : { splitOn: farp.split_on }),
      ...(farp.colours === undefined ? {} : { colours: farp.colours }),
      ...(farp.shadow === undefined
        ? {}
        : { shadow: { enabled: farp.shadow.enabled, sample: farp.shadow.sample, maxBody: farp.shadow.max_body } }),
      ...(farp.domain === undefined ? {} : { domain: farp.domain }),
      ...(farp.probe === undefined ? {} : { probe: farp.probe }),
    }),
  ]
}

type Farp = NonNullable<Config['farp']>

function authOf(auth: Farp['auth']): object {
  if (auth === undefined) return {}
  const { enforce, providers = {}, allow_relaxation: allowRelaxation, default: otherwise } = auth
  return { auth: { enforce, providers, allowRelaxation, default: otherwise } }
}

function webhooksOf(webhooks: Farp['webhooks']): object {
  if (webhooks === undefined) return {}
  const { receive, send, poll, secrets = {}, manifest_secrets: manifestSecrets, tokens = {} } = webhooks
  return { webhooks: { receive, send, poll, secrets, manifestSecrets, tokens } }
}

function pushOptions(push: NonNullable<NonNullable<Config['farp']>['push']>): Readonly<Record<string, unknown>> {
  return {
    enabled: push.enabled,
    tokens: push.tokens,
    clientCertificates: push.client_certificates,
    allowFrom: push.allow_from,
    heartbeatTimeout: push.heartbeat_timeout,
    missedProbes: push.missed_probes,
    aliases: push.aliases,
  }
}

type FarpFactory = (options: Readonly<Record<string, unknown>>) => RouteSource

function load(specifier: string, host: ConfigHost): Promise<FarpFactory> {
  return factoryOf<FarpFactory>(host, { specifier, name: 'farp', path: 'farp', remedy: 'install it, or set farp.enabled to false' })
}
