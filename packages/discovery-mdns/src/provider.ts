import { defineDiscovery } from '@octopus-gateway/core'
import { mdnsOptions, type MdnsOptions } from './options.ts'
import { watchNetwork } from './watch.ts'
import type { DiscoveryProvider } from '@octopus-gateway/core'

/**
 * Services that announce themselves in the local network (DNS-SD over multicast DNS). Nothing is signed there: what another provider knows under a
 * name is never changed by this one, and outside of development `allowedServices` says which names may be found at all.
 */
export function mdnsDiscovery(options: MdnsOptions): DiscoveryProvider {
  let hasWarned = false
  return defineDiscovery({
    name: 'mdns',
    config: mdnsOptions,
    yields: true,
    async *watch(settings, signal, { log }) {
      if (settings.allowedServices === undefined && !hasWarned)
        log.warn('anybody in the network may announce any service; outside of development, say which ones may be found', {
          provider: 'mdns',
          option: 'allowed_services',
        })
      hasWarned = true
      yield* watchNetwork(settings, signal, log)
    },
  })(options)
}
