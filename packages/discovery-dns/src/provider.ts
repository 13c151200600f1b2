import { defineDiscovery } from '@octopus-gateway/core'
import { dnsOptions, type DnsOptions } from './options.ts'
import { watchNames, type Memory } from './watch.ts'
import type { DiscoveryProvider } from '@octopus-gateway/core'

/**
 * Services of DNS: SRV records with their priorities and weights, or plain addresses, and TXT records as metadata. That a name does not exist means
 * that there are no instances; where DNS says nothing (timeouts, SERVFAIL), what it said last keeps counting.
 */
export function dnsDiscovery(options: DnsOptions): DiscoveryProvider {
  const memory: Memory = { found: new Map(), failing: new Map() }
  return defineDiscovery({
    name: 'dns',
    config: dnsOptions,
    watch: (settings, signal, { log }) => watchNames(settings, memory, signal, log),
  })(options)
}
