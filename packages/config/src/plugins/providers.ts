import { nearest } from '../report/suggest.ts'
import type { Made } from './made.ts'
import { hasAuth, type Site } from './sites.ts'

/**
 * Whether a plugin runs by itself. One that can tell who a caller is leaves that to an `auth` that stands where it stands: one of a single route
 * must not open the others.
 */
export function standsAlone(made: Made, site: Site): boolean {
  if (made.provider === undefined) return true
  return !hasAuth(site)
}

/** The plugins that an `auth` at a place may ask: those of every route and its own. */
export function providersFor(whole: Site, site: Site): readonly Made[] {
  const all = site === whole ? whole.plugins : [...whole.plugins, ...site.plugins]
  return all.filter((made) => made.provider !== undefined)
}

/** What is said about a name that no provider has. */
export function dangling(name: string, pool: readonly Made[]): string {
  const names = pool.map((made) => made.name)
  const near = nearest(name, names)
  const hint =
    near === undefined ? `use ${names.length === 1 ? names[0] : `one of ${names.join(', ')}`}` : `did you mean ${JSON.stringify(near)}?`
  return `there is no plugin ${JSON.stringify(name)} that can tell who a caller is; ${hint}`
}
