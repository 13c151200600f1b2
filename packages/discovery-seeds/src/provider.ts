import { defineDiscovery } from '@octopus-gateway/core'
import { seedsOptions, type SeedsOptions } from './options.ts'
import { watchSeeds, type Memory } from './watch.ts'
import type { DiscoveryProvider } from '@octopus-gateway/core'

/**
 * Services that say themselves who they are, each asked at an address that is known beforehand. One that cannot be asked keeps its last good record:
 * whether it gets requests is for the gateway's own health to say.
 */
export function seedsDiscovery(options: SeedsOptions): DiscoveryProvider {
  const memory: Memory = { records: new Map(), told: new Map() }
  return defineDiscovery({
    name: 'seeds',
    config: seedsOptions,
    watch: (settings, signal, { log }) => watchSeeds(settings, memory, signal, log),
  })(options)
}
