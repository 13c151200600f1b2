import { compareText, compareVersions } from '../semver.ts'
import { finding } from '../findings.ts'
import { placeOf as placeInTable } from '@octopus-gateway/core'
import type { Finding, RouteDefinition, Target } from '@octopus-gateway/core'
import type { Versioning } from '../manifest/manifest.ts'

/** One version of a service, in a pool of its own below the same mount as the others. */
export interface VersionPool {
  readonly upstream: string
  readonly version: string
  readonly generations: readonly string[]
  readonly routes: readonly RouteDefinition[]
}

/**
 * The routes of several versions below one mount: a request goes to the version that it names, in any usual spelling, else to the default one, else to the
 * newest that has the route. What else there is to say of a route is the newest version's.
 */
export function joinVersions(
  pools: readonly VersionPool[],
  { by, name, defaultVersion }: Versioning,
): { readonly routes: readonly RouteDefinition[]; readonly findings: readonly Finding[] } {
  const newest = [...pools].sort((a, b) => compareVersions(b.version, a.version) || compareText(a.upstream, b.upstream))
  const spellings = spellingsOf(newest.map(({ version }) => version))
  const places = new Map<string, { pool: VersionPool; route: RouteDefinition }[]>()
  for (const pool of newest) {
    for (const route of pool.routes) {
      const place = placeInTable({ path: route.path, ...(route.host === undefined ? {} : { host: route.host }) }, route.methods?.[0] ?? '*')
      const list = places.get(place) ?? []
      places.set(place, list)
      list.push({ pool, route })
    }
  }
  const differing = new Set<string>()
  const routes = [...places.values()].map((list) => {
    const base = list[0]!.route
    const same = list.filter(({ pool, route }) => {
      const isSame = treatmentOf(route) === treatmentOf(base)
      if (!isSame) differing.add(pool.version)
      return isSame
    })
    if (same.length === 1) return base
    const byDefault =
      same.find(({ pool }) => defaultVersion !== undefined && spellings.get(pool.version)!.includes(defaultVersion)) ?? same[0]!
    const targets = same.map(({ pool }): Target => {
      const wanted = { [name]: spellings.get(pool.version)! }
      return {
        upstream: pool.upstream,
        weight: pool === byDefault.pool ? 1 : 0,
        match: by === 'query' ? { query: wanted } : { headers: wanted },
      }
    })
    const isPartial = same.some(({ route }) => route.subset !== undefined)
    const generations = same.flatMap(({ pool, route }) => route.subset?.['generation'] ?? pool.generations)
    return { ...base, upstream: targets, ...(isPartial ? { subset: { generation: generations } } : {}) }
  })
  const findings = [...differing].map((version) =>
    finding(
      'VERSIONS_DIFFER',
      `routes of version ${version} that need another path at the service, or demand something else of callers, than the newest version's do not stand beside them`,
    ),
  )
  return { routes, findings }
}

/** What holds for a request whichever version gets it: a version that demands more of its callers must not be reached by the demands of another. */
function treatmentOf({ rewrite, auth, idempotent }: RouteDefinition): string {
  return JSON.stringify([rewrite ?? null, auth ?? null, idempotent ?? null])
}

/** How clients may write each version: with `v` and without, and by its major or minor version where it is the newest of them. The newest comes first. */
function spellingsOf(versions: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const taken = new Set<string>()
  const spellings = new Map<string, string[]>()
  const give = (version: string, text: string): void => {
    for (const one of [text, `v${text}`]) {
      if (taken.has(one)) continue
      taken.add(one)
      spellings.get(version)!.push(one)
    }
  }
  for (const version of versions) {
    spellings.set(version, [])
    give(version, version.replace(/^v/i, ''))
  }
  for (const version of versions) {
    const parts = /^v?(\d+)\.(\d+)/i.exec(version)
    if (parts === null) continue
    give(version, `${parts[1]}.${parts[2]}`)
    give(version, parts[1]!)
  }
  return spellings
}
