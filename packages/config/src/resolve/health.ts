import type { Config } from '../schema/root.ts'
import type { HealthSettings } from '@octopus-gateway/core'

/** How it is learnt which instances work, of `routing` or of an upstream. */
export function healthSettings(_from: Config['routing'] | Config['upstreams'][number]): HealthSettings {
  return {}
}
