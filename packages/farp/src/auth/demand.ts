import { compareText } from '../semver.ts'
import type { Rights, RouteAuth } from '@octopus-gateway/core'

/** What is demanded of the callers of a route: everything named must hold. `undefined` where nothing is: then the gateway's own policy decides. */
export interface Demand {
  /** `undefined`: any provider of the gateway. Empty: none would do, so nobody may come. */
  readonly providers: readonly string[] | undefined
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  /** Of each group one role at least. */
  readonly roles: readonly (readonly string[])[]
}

/** A caller who is known, whoever it is. */
export const KNOWN_CALLER: Demand = { providers: undefined, scopes: [], permissions: [], roles: [] }

/** Both at once. */
export function both(a: Demand | undefined, b: Demand | undefined): Demand | undefined {
  return a === undefined || b === undefined ? (a ?? b) : together([a, b])
}

/** All at once. */
export function together(demands: readonly Demand[]): Demand {
  const providers = demands.flatMap((demand) => (demand.providers === undefined ? [] : [demand.providers]))
  return {
    providers: providers.length === 0 ? undefined : providers.reduce((left, others) => left.filter((name) => others.includes(name))),
    scopes: distinct(demands.flatMap(({ scopes }) => scopes)),
    permissions: distinct(demands.flatMap(({ permissions }) => permissions)),
    roles: groups(demands.flatMap(({ roles }) => roles)),
  }
}

/** Whether whoever satisfies `demand` satisfies `other`, too. */
export function implies(demand: Demand | undefined, other: Demand | undefined): boolean {
  if (other === undefined) return true
  if (demand === undefined) return false
  const { providers } = other
  const isNarrower =
    providers === undefined || (demand.providers !== undefined && demand.providers.every((name) => providers.includes(name)))
  return (
    isNarrower &&
    other.scopes.every((name) => demand.scopes.includes(name)) &&
    other.permissions.every((name) => demand.permissions.includes(name)) &&
    other.roles.every((group) => demand.roles.some((mine) => isWithin(mine, new Set(group))))
  )
}

/** A demand as routes carry it. */
export function toRouteAuth({ providers, scopes, permissions, roles }: Demand): 'nobody' | RouteAuth {
  if (providers?.length === 0) return 'nobody'
  const [first, ...rest] = roles
  const every = rest.map((group): Rights => ({ roles: group }))
  return {
    ...(providers === undefined ? {} : { providers }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(permissions.length === 0 ? {} : { permissions }),
    ...(first === undefined ? {} : { roles: first }),
    ...(every.length === 0 ? {} : { every }),
  }
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

function isWithin(group: readonly string[], other: ReadonlySet<string>): boolean {
  return group.length <= other.size && group.every((role) => other.has(role))
}

/** Each group once, in one order, and none that another one implies: equal demands are written alike. */
function groups(roles: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const sorted = roles.map((group) => distinct(group))
  const all = [...new Map(sorted.map((group) => [JSON.stringify(group), group])).values()]
  const needed = all.filter((group) => {
    const set = new Set(group)
    return !all.some((other) => other !== group && isWithin(other, set))
  })
  return needed.sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)))
}
