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

interface Lists {
  readonly middleware?: Draft['middleware']
  readonly plugins?: Draft['plugins']
}

/** Reads the lists of the whole and of every route that has some. What is wrong with an item goes to `problems`; `refused` are the paths that the schema has taken offence at. */
export async function readSites(
  draft: Draft,
  { workshop, refused, problems }: { readonly workshop: Workshop; readonly refused: readonly Path[]; readonly problems: Problem[] },
): Promise<[whole: Site, ...routes: Site[]]> {
  const read = (lists: Lists, route: number | null): Promise<Site> => readSite(lists, route, { workshop, refused, problems })
  const sites: [Site, ...Site[]] = [await read(draft, null)]
  for (const [index, route] of (draft.routes ?? []).entries()) if (route !== undefined) sites.push(await read(route, index))
  return sites
}

async function readSite(
  { middleware = [], plugins = [] }: Lists,
  route: number | null,
  { workshop, refused, problems }: { readonly workshop: Workshop; readonly refused: readonly Path[]; readonly problems: Problem[] },
): Promise<Site> {
  const base: Path = route === null ? [] : ['routes', route]
  const isRefused = (at: Path): boolean => refused.some((path) => at.every((step, index) => path[index] === step))
  const policies: PlacedPolicy[] = []
  const made: Made[] = []
  let isBroken = false
  for (const [index, item] of middleware.entries()) {
    const at = [...base, 'middleware', index]
    if (item === undefined || isRefused(at)) isBroken = true
    else policies.push({ at, policy: item as Policy })
  }
  const names = new Map<string, number>()
  for (const [index, item] of plugins.entries()) {
    const at = [...base, 'plugins', index]
    if (item?.name === undefined || isRefused(at)) {
      isBroken = true
      continue
    }
    const first = names.get(item.name)
    if (first !== undefined) {
      problems.push({
        code: 'duplicate_name',
        path: [...at, 'name'],
        message: `plugins[${first}] already has the name ${item.name}; rename or remove one`,
      })
      isBroken = true
      continue
    }
    names.set(item.name, index)
    if (item.enabled === false) continue
    const result = await makePlugin({ ...item, name: item.name }, at, workshop)
    if ('plugin' in result) made.push(result)
    else {
      problems.push(...result)
      isBroken = true
    }
  }
  return { route, policies, plugins: made, isBroken }
}
