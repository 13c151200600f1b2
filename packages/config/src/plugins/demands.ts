import { dangling, providersFor, standsAlone } from './providers.ts'
import type { Chains } from './chains.ts'
import type { Draft } from '../check/draft.ts'
import type { Made } from './made.ts'
import type { Path } from '../tree/node.ts'
import type { Problem } from '../report/issues.ts'
import type { RouteAuth } from '@octopus-gateway/core'
import type { Site, Sites } from './sites.ts'

type DraftAuth = NonNullable<NonNullable<NonNullable<Draft['routes']>[number]>['auth']>

/** Demands of routes: somebody must be there who enforces them, or a route that looks closed is open. */
export function* checkDemands(draft: Draft, { sites }: Pick<Chains, 'sites'>): Generator<Problem> {
  const { whole } = sites
  for (const [index, route] of (draft.routes ?? []).entries()) {
    const auth = route?.auth
    const site = sites.of(index)
    if (auth === undefined || site === undefined) continue
    const path = ['routes', index, 'auth']
    if (auth !== false) yield* emptyLists(auth, path)
    // What could not be made might have enforced it, and so might a plugin of one's own: the gateway asks those once they are set up.
    if (auth === false || whole.isBroken || site.isBroken || hasOwn(whole, site)) continue
    const pool = enforcers(sites, site).map(({ made }) => made)
    if (pool.length === 0) {
      const message =
        'nothing asks callers who they are, so this would protect nothing; add auth to middleware and a plugin such as jwt-auth to plugins'
      yield { code: 'auth_not_enforced', path, message }
    }
    for (const [place, name] of (auth.providers ?? []).entries()) {
      if (name === undefined || pool.length === 0 || pool.some((made) => made.name === name)) continue
      yield { code: 'unknown_auth_provider', path: [...path, 'providers', place], message: dangling(name, pool) }
    }
  }
}

function* emptyLists(auth: Exclude<DraftAuth, false>, path: Path): Generator<Problem> {
  for (const key of ['providers', 'roles', 'scopes'] as const) {
    if (auth[key]?.length === 0)
      yield { code: 'invalid_value', path: [...path, key], message: `needs at least one of the ${key}; leave the key out for any` }
  }
}

function hasOwn(...sites: readonly Site[]): boolean {
  return sites.some((site) => site.plugins.some((made) => made.provider === undefined))
}

/** Somebody who is asked about the callers of a route. */
interface Enforcer {
  readonly made: Made
  /** As it calls itself there. */
  readonly name: string
}

function enforcers(sites: Sites, site: Site): readonly Enforcer[] {
  const { whole } = sites
  const both = [...new Set([whole, site])]
  const asked = both.flatMap((one) => namedIn(one, providersFor(whole, one)).map((made) => ({ made, name: made.provider!.asked.name })))
  const alone = both.flatMap((one) =>
    one.plugins.flatMap((made) =>
      made.provider === undefined || !standsAlone(made, one) ? [] : [{ made, name: made.provider.aloneName }],
    ),
  )
  return [...asked, ...alone]
}

function namedIn(site: Site, pool: readonly Made[]): readonly Made[] {
  return site.policies.flatMap(({ policy }) =>
    policy.name === 'auth' ? pool.filter((made) => policy.providers === undefined || policy.providers.includes(made.name)) : [],
  )
}

type Demand = false | { readonly [K in keyof RouteAuth]: RouteAuth[K] | undefined }

/** The demands of a route, with its providers under the names that they give themselves. */
export function demandOf(index: number, auth: Demand, { sites }: Pick<Chains, 'sites'>): false | RouteAuth {
  if (auth === false) return false
  const { providers, scopes, roles } = auth
  const site = sites.of(index) ?? sites.whole
  const known = enforcers(sites, site)
  const own = (name: string): string => known.find(({ made }) => made.name === name)?.name ?? name
  return {
    ...(providers === undefined ? {} : { providers: providers.map(own) }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(roles === undefined ? {} : { roles }),
  }
}
