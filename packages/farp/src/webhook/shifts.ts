import type { RouteSet } from '@octopus-gateway/core'

/** The share of each instance in the traffic of its service, from 0 to 1, by service and instance. */
export type Shares = ReadonlyMap<string, Readonly<Record<string, number>>>

/** The shares that the weights in these sets make. */
export function sharesOfSets(sets: readonly RouteSet[]): Shares {
  return new Map(
    sets.map(({ service, instances = [] }) => {
      const total = instances.reduce((sum, { weight }) => sum + weight, 0)
      const shares = instances.map(({ id, weight }) => [id, total === 0 ? 0 : Math.round((weight / total) * 10_000) / 10_000] as const)
      return [service, Object.fromEntries(shares)]
    }),
  )
}

/** The services whose shares are not what they were. Those that are new have shifted nothing. */
export function shifts(before: Shares, now: Shares): [string, Readonly<Record<string, number>>][] {
  return [...now].filter(([service, shares]) => {
    const known = before.get(service)
    return known !== undefined && served(known) !== served(shares)
  })
}

/** Who gets any traffic, and how much: an instance that comes or goes without any shifts nothing. */
function served(shares: Readonly<Record<string, number>>): string {
  return JSON.stringify(
    Object.entries(shares)
      .filter(([, share]) => share > 0)
      .sort(),
  )
}
