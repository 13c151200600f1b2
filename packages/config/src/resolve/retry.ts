import type { Config } from '../schema/root.ts'
import type { RetrySettings } from '@octopus-gateway/core'

/** How attempts are repeated, of `routing`, an upstream or a route. */
export function retrySettings({ retries }: Config['routing'] | Config['upstreams'][number] | Config['routes'][number]): RetrySettings {
  return retries === undefined ? {} : { retries }
}
