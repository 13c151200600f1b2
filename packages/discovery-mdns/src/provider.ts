import { browser, type Browse } from '@octopus-gateway/dns-sd'
import { clean } from '@octopus-gateway/discovery-support'
import { defineDiscovery } from '@octopus-gateway/core'
import { isLinkLocalOnly, setOf } from './instance.ts'
import { mdnsOptions, type MdnsOptions } from './options.ts'
import { pairsOver, type Pairs } from './text.ts'
import type { DiscoveryProvider } from '@octopus-gateway/core'

/**
 * Services that announce themselves in the local network (DNS-SD over multicast DNS). Nothing is signed there: what another provider knows under a
 * name is never changed by this one, and outside of development `allowedServices` says which names may be found at all.
 */
export function mdnsDiscovery(options: MdnsOptions): DiscoveryProvider {
  let hasWarned = false
  let hasTold = false
  let browse: Browse<Pairs> | undefined
  return defineDiscovery({
    name: 'mdns',
    config: mdnsOptions,
    yields: true,
    async *watch(settings, signal, { log }) {
      const warn = (problem: string, more: object = {}): void => log.warn(problem, { provider: 'mdns', ...more })
      if (settings.allowedServices === undefined && !hasWarned)
        warn('anybody in the network may announce any service; outside of development, say which ones may be found', {
          option: 'allowed_services',
        })
      hasWarned = true
      const { serviceTypes: types, allowedServices, ...rest } = settings
      browse ??= browser({ ...rest, types, readText: pairsOver })
      for await (const found of browse(signal, warn)) {
        const unusable = found.find(isLinkLocalOnly)
        if (unusable !== undefined && !hasTold)
          warn('an instance that announces link-local addresses alone is not used: no URL can hold one', {
            instance: clean(unusable.label),
          })
        hasTold ||= unusable !== undefined
        yield setOf(found, allowedServices)
      }
    },
  })(options)
}
