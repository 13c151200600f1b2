import { compareVersions } from '../semver.ts'
import { documentOf } from './documents.ts'
import { finding } from '../findings.ts'
import { hintsOf } from './traits.ts'
import { joinVersions } from './versions.ts'
import { majorAliases } from './aliases.ts'
import { manifestFindings, schemaFindings } from './service-findings.ts'
import { mountKey } from './placement.ts'
import { offersOf, poolRoutes } from './routes.ts'
import { shadowOf } from './endpoints.ts'
import { throughGrpcPools } from './grpc-pools.ts'
import type { Candidate } from './eligible.ts'
import type { Guarded } from '../auth/declared.ts'
import type { PoolAuth } from '../auth/index.ts'
import type { DocumentPlan } from './documents.ts'
import type { FederatedService } from '../merge/input.ts'
import type { Finding, MountRewrite, RouteDefinition } from '@octopus-gateway/core'
import type { Generation, PoolRoutes, Pools } from './routes.ts'
import type { PlannedUpstreams } from './endpoints.ts'
import type { Settings } from '../options.ts'

/** All that is made of a service's generations. */
export interface Plan extends PlannedUpstreams {
  readonly serviceVersion: string
  readonly routes: readonly RouteDefinition[]
  readonly rewrites: readonly MountRewrite[]
  readonly documents: readonly FederatedService[]
  readonly prefixes: readonly string[]
  readonly findings: readonly Finding[]
}

/** What it depends on besides. */
export interface PlanContext {
  readonly settings: Settings
  readonly foreignPrefixes: readonly string[]
  /** The upstreams of shadows there are. */
  readonly shadowed: ReadonlySet<string>
  readonly documents: readonly DocumentPlan[]
  readonly grpcPools: readonly string[]
  /** What is demanded of the callers of a pool, by the name of its book. */
  authOf(book: string, generations: readonly Generation[], operations: readonly Guarded[]): PoolAuth
}

/** The routes of all pools of a service, and everything that changes with them. */
export function plannedRoutes(pools: Pools, context: PlanContext): Plan {
  const { settings, documents, grpcPools } = context
  const mounted: (readonly Generation[])[] = [...pools.values(), ...(settings.majorAlias ? majorAliases(pools) : [])]
  const results = byMount(mounted).map((group) => routesAt(group, context))
  const all = results.flatMap(({ routes }) => routes)
  const { operations } = settings.limits
  const routes = throughGrpcPools(all.slice(0, operations), grpcPools)
  const samples = [...pools.values()].flat()
  const versions = samples.map(({ sample }) => sample.manifest.serviceVersion).sort(compareVersions)
  return {
    serviceVersion: versions.at(-1) ?? '',
    routes,
    rewrites: byMount(mounted).flatMap(rewritesAt),
    upstreams: [...pools.keys()],
    hints: new Map([...pools].map(([name, pool]) => [name, hintsOf(pool[0]!.sample.manifest, settings.trustHints).upstream])),
    grpcPools,
    documents: documents.map((plan) => documentOf(plan, routes)),
    prefixes: [...new Set(mounted.flat().flatMap(({ placement: { mount } }) => (mount.prefix === '' ? [] : [mount.prefix])))],
    findings: [
      ...results.flatMap(({ findings }) => findings),
      ...samples.flatMap((generation) => [...manifestFindings(generation.sample, settings), ...schemaFindings(generation.sample)]),
      ...samples
        .filter((generation) => offersOf(generation, settings).every((offer) => offer.operations.length === 0))
        .map(({ sample }) => nothing(sample)),
      ...(all.length > operations
        ? [finding('LIMIT_EXCEEDED', `the service has ${all.length} routes; only the first ${operations} are used`)]
        : []),
    ],
  }
}

/** Pools that are mounted at the same place. */
function byMount(pools: readonly (readonly Generation[])[]): (readonly (readonly Generation[])[])[] {
  const mounts = new Map<string, (readonly Generation[])[]>()
  for (const pool of pools) {
    const key = mountKey(pool[0]!.placement)
    mounts.set(key, [...(mounts.get(key) ?? []), pool])
  }
  return [...mounts.values()]
}

/** One pool's routes, or those of several versions that clients choose among. */
function routesAt(pools: readonly (readonly Generation[])[], context: PlanContext): PoolRoutes {
  const { settings, foreignPrefixes, shadowed } = context
  const results = pools.map((pool) => {
    const { upstream } = pool[0]!.placement
    const shadow = shadowed.has(shadowOf(upstream)) ? shadowOf(upstream) : undefined
    const authOf = (generations: readonly Generation[], operations: readonly Guarded[]): PoolAuth =>
      context.authOf(bookOf(pool[0]!), generations, operations)
    return { pool, upstream, ...poolRoutes(pool, { settings, foreignPrefixes, shadow, authOf }) }
  })
  const findings = results.flatMap((result) => result.findings)
  const versioning = newestOf(pools).sample.manifest.routing.versioning
  if (pools.length === 1 || versioning === undefined) return { routes: results.flatMap(({ routes }) => routes), findings }
  const joined = joinVersions(
    results.map(({ pool, upstream, routes }) => ({
      upstream,
      version: pool[0]!.sample.manifest.serviceVersion,
      generations: pool.map(({ id }) => id),
      routes,
    })),
    versioning,
  )
  return { routes: joined.routes, findings: [...findings, ...joined.findings] }
}

/** An alias has a book of its own, which stays when another version takes the alias over: its paths are the same, and so are their callers. */
function bookOf({ placement, isAlias }: Generation): string {
  return isAlias === true ? `alias ${placement.mount.prefix}` : placement.upstream
}

/** Where generations or versions have different rules for one mount, the newest decides. */
function rewritesAt(pools: readonly (readonly Generation[])[]): MountRewrite[] {
  const { placement, sample } = newestOf(pools)
  const { rewrites } = sample.manifest.routing
  if (rewrites.length === 0) return []
  const { host, prefix } = placement.mount
  return [{ ...(host === undefined ? {} : { host }), prefix, rules: rewrites }]
}

function newestOf(pools: readonly (readonly Generation[])[]): Generation {
  return pools
    .map((pool) => pool[0]!)
    .reduce((newest, one) =>
      compareVersions(one.sample.manifest.serviceVersion, newest.sample.manifest.serviceVersion) > 0 ? one : newest,
    )
}

function nothing({ manifest, schemas }: Candidate): Finding {
  const reason =
    manifest.schemas.length === 0
      ? 'its manifest lists no schema'
      : schemas.length === 0
        ? 'none of its schemas could be had'
        : 'its schemas offer nothing that is routed'
  return finding('NOTHING_ROUTABLE', `nothing of version "${manifest.serviceVersion}" can be routed: ${reason}`)
}
