import { compareVersions } from './semver.ts'
import { parseHost } from '../routing/hosts.ts'
import { parsePattern } from '../routing/pattern.ts'
import type { RouteDefinition } from '../routing/route.ts'
import type { RouteSet } from './source.ts'

/** A route definition with where it came from. */
export interface RouteEntry {
  readonly definition: RouteDefinition
  readonly id: string
  /** `config`, or the source's name. */
  readonly source: string
  readonly service: string | null
  readonly serviceVersion: string | undefined
  /** The source's place in the options; hand-written routes are 0. */
  readonly rank: number
}

/** The name under which hand-written routes appear. */
export const CONFIG = 'config'

/** All routes of a gateway, the winners of conflicts first. */
export function collectEntries(routes: readonly RouteDefinition[], sources: ReadonlyMap<string, readonly RouteSet[]>): RouteEntry[] {
  const entries = routes.map((definition) => entryOf(definition, { source: CONFIG, service: null, serviceVersion: undefined, rank: 0 }))
  let rank = 0
  for (const [source, sets] of sources) {
    rank += 1
    for (const set of sets) {
      for (const definition of set.routes)
        entries.push(entryOf(definition, { source, service: set.service, serviceVersion: set.serviceVersion, rank }))
    }
  }
  return entries.sort(compareEntries)
}

function entryOf(definition: RouteDefinition, from: Omit<RouteEntry, 'definition' | 'id'>): RouteEntry {
  const methods = definition.methods === undefined ? '*' : [...definition.methods].sort().join(',')
  const owner = from.service === null ? from.source : `${from.source}:${from.service}`
  return { ...from, definition, id: definition.id ?? `${owner}:${methods} ${definition.host ?? ''}${definition.path}` }
}

/**
 * Who wins where two routes have the same host, method and pattern: what an operator wrote by hand before anything that came over the
 * network, whatever priority that claims; then priority, then the order of the sources, then the newer service version, then the id, so that
 * a restart decides alike.
 */
function compareEntries(a: RouteEntry, b: RouteEntry): number {
  return (
    Math.min(a.rank, 1) - Math.min(b.rank, 1) ||
    (b.definition.priority ?? 50) - (a.definition.priority ?? 50) ||
    a.rank - b.rank ||
    compareVersions(b.serviceVersion, a.serviceVersion) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

/**
 * The place of a route for one of its methods (`*`: any): equal for definitions of which only one can answer, with nothing to tell which, because
 * host, path pattern and priority are the same. Throws `TypeError` when host or path is not valid.
 */
export function placeOf(definition: Pick<RouteDefinition, 'host' | 'path' | 'priority'>, method: string): string {
  const host = parseHost(definition.host)
  const pattern = `${host.kind === 'any' ? '*' : `${host.kind}:${host.text}`} ${parsePattern(definition.path).key}`
  return `${method} ${pattern} ${definition.priority ?? 50}`
}
