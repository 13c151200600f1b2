import { makePlugin, type Made, type Workshop } from './made.ts'
import type { Draft } from '../check/draft.ts'
import type { Path } from '../tree/node.ts'
import type { Policy } from './policies.ts'
import type { Problem } from '../report/issues.ts'

/** An item of `middleware` and where it stands. */
export interface PlacedPolicy {
  readonly at: Path
  readonly policy: Policy
}

/** A place with lists of its own: the whole configuration, or a route. */
export interface Site {
  /** The index of the route, or `null` for the whole. */
  readonly route: number | null
  readonly policies: readonly PlacedPolicy[]
  readonly plugins: readonly Made[]
  /** An item could not be made, so that nobody knows what it would have done. */
  readonly isBroken: boolean
}

/** All places of a configuration. */
export class Sites {
  readonly whole: Site
  /** The whole first, then every route that is valid. */
  readonly all: readonly Site[]
  readonly #byRoute: ReadonlyMap<number | null, Site>

  constructor(whole: Site, routes: readonly Site[]) {
    this.whole = whole
    this.all = [whole, ...routes]
    this.#byRoute = new Map(this.all.map((site) => [site.route, site]))
  }

  of(route: number): Site | undefined {
    return this.#byRoute.get(route)
  }
}

/** Whether `auth` stands in the lists of this place. */
export function hasAuth(site: Site): boolean {
  return site.policies.some(({ policy }) => policy.name === 'auth')
}

interface Lists {
  readonly middleware?: Draft['middleware']
  readonly plugins?: Draft['plugins']
}

/** What reading the lists needs. */
interface Reading {
  readonly workshop: Workshop
  /** The paths that the schema has taken offence at. */
  readonly refused: readonly Path[]
  /** Gets what is wrong with items. */
  readonly problems: Problem[]
}

/** Reads the lists of the whole and of every route. */
export async function readSites(draft: Draft, reading: Reading): Promise<Sites> {
  const whole = await readSite(draft, null, reading)
  const routes: Site[] = []
  for (const [index, route] of (draft.routes ?? []).entries()) if (route !== undefined) routes.push(await readSite(route, index, reading))
  return new Sites(whole, routes)
}

async function readSite({ middleware = [], plugins = [] }: Lists, route: number | null, reading: Reading): Promise<Site> {
  const base: Path = route === null ? [] : ['routes', route]
  const isRefused = (at: Path): boolean => reading.refused.some((path) => at.every((step, index) => path[index] === step))
  const policies = middleware.flatMap((item, index): PlacedPolicy[] => {
    const at = [...base, 'middleware', index]
    return item === undefined || isRefused(at) ? [] : [{ at, policy: item as Policy }]
  })
  const made: Made[] = []
  const names = new Map<string, number>()
  let isBroken = policies.length < middleware.length
  for (const [index, item] of plugins.entries()) {
    const at = [...base, 'plugins', index]
    const result =
      item?.name === undefined || isRefused(at)
        ? []
        : await readPlugin({ ...item, name: item.name }, at, { names, workshop: reading.workshop })
    if (result === undefined) continue
    if ('plugin' in result) made.push(result)
    else {
      reading.problems.push(...result)
      isBroken = true
    }
  }
  return { route, policies, plugins: made, isBroken }
}

/** `undefined` for a plugin that is left out on purpose. */
async function readPlugin(
  item: Parameters<typeof makePlugin>[0],
  at: Path,
  { names, workshop }: { readonly names: Map<string, number>; readonly workshop: Workshop },
): Promise<Made | readonly Problem[] | undefined> {
  const first = names.get(item.name)
  if (first !== undefined) {
    const message = `plugins[${first}] already has the name ${item.name}; rename or remove one`
    return [{ code: 'duplicate_name', path: [...at, 'name'], message }]
  }
  names.set(item.name, at.at(-1) as number)
  return item.enabled === false ? undefined : makePlugin(item, at, workshop)
}
