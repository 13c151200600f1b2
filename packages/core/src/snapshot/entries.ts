import { compareVersions } from './semver.ts'
import { parseHost } from '../routing/hosts.ts'
import { patternOf } from '../routing/pattern.ts'
import { slices } from '../slices.ts'
import { sorted } from './sorted.ts'
import type { RouteDefinition } from '../routing/definition.ts'
import type { RouteSet } from './route-set.ts'

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
export async function collectEntries(
  routes: readonly RouteDefinition[],
  sources: ReadonlyMap<string, readonly RouteSet[]>,
): Promise<readonly RouteEntry[]> {
  const entries: RouteEntry[] = []
  const turn = slices()
  const add = async (definitions: readonly RouteDefinition[], from: Origin): Promise<void> => {
    for (const definition of definitions) {
      entries.push(entryOf(definition, from))
      const pause = turn()
      if (pause !== undefined) await pause
    }
  }
  await add(routes, { source: CONFIG, service: null, serviceVersion: undefined, rank: 0 })
  let rank = 0
  for (const [source, sets] of sources) {
    rank += 1
    for (const { service, serviceVersion, routes: definitions } of sets) await add(definitions, { source, service, serviceVersion, rank })
  }
  return sorted(entries, compareEntries)
}

type Origin = Omit<RouteEntry, 'definition' | 'id'>

function entryOf(definition: RouteDefinition, { source, service, serviceVersion, rank }: Origin): RouteEntry {
  const { methods } = definition
  const taken = methods === undefined ? '*' : methods.length === 1 ? methods[0]! : [...methods].sort().join(',')
  const owner = service === null ? source : `${source}:${service}`
  const id = definition.id ?? `${owner}:${taken} ${definition.host ?? ''}${definition.path}`
  return { definition, id, source, service, serviceVersion, rank }
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
  const pattern = `${host.kind === 'any' ? '*' : `${host.kind}:${host.text}`} ${patternOf(definition).key}`
  return `${method} ${pattern} ${definition.priority ?? 50}`
}
