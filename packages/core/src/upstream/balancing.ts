import type { ConfigIssue } from '../errors.ts'

/** How endpoints are chosen. */
export type BalancerName = 'round-robin'

/** How the endpoints of an upstream share its requests; an upstream's own setting wins over the gateway's. */
export interface BalancingSettings {
  /** Default `round-robin`, weighted. */
  readonly loadBalance?: BalancerName
}

/** The same, complete. */
export interface BalancingPolicy {
  readonly loadBalance: BalancerName
}

/** The closest setting of each kind. */
export function balancingPolicy(settings: readonly BalancingSettings[]): BalancingPolicy {
  return { loadBalance: settings.find((one) => one.loadBalance !== undefined)?.loadBalance ?? 'round-robin' }
}

/** Everything wrong with settings; `path` prefixes every issue. */
export function balancingIssues({ loadBalance }: BalancingSettings, path: string): ConfigIssue[] {
  if (loadBalance === undefined || loadBalance === 'round-robin') return []
  return [
    {
      code: 'not_available',
      path: `${path}.loadBalance`,
      message: `"${String(loadBalance)}" is not available yet: use round-robin.`,
    },
  ]
}
