import type { BalancingSettings } from '@octopus-gateway/core'
import type { Config } from '../schema/root.ts'

/** How instances share the traffic, of `routing` or of an upstream. */
export function balancingSettings({ load_balance }: Config['routing'] | Config['upstreams'][number]): BalancingSettings {
  return load_balance === undefined ? {} : { loadBalance: load_balance }
}
