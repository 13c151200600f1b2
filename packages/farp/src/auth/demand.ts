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
  if (a === undefined || b === undefined) return a ?? b
  return {
    providers:
      a.providers === undefined
        ? b.providers
        : b.providers === undefined
          ? a.providers
          : a.providers.filter((name) => b.providers!.includes(name)),
    scopes: union(a.scopes, b.scopes),
    permissions: union(a.permissions, b.permissions),
    roles: groups([...a.roles, ...b.roles]),
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
    other.roles.every((group) => demand.roles.some((mine) => mine.every((role) => group.includes(role))))
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

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort()
}

/** Each group once, in one order, and none that another one implies: equal demands are written alike. */
function groups(roles: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const sorted = roles.map((group) => [...new Set(group)].sort())
  const distinct = [...new Map(sorted.map((group) => [JSON.stringify(group), group])).values()]
  const needed = distinct.filter((group) => !distinct.some((other) => other !== group && other.every((role) => group.includes(role))))
  return needed.sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)))
}
