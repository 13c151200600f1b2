import { ConsulClient } from './client.ts'
import { consulOptions } from './options.ts'
import { defineDiscovery } from '@octopus-gateway/core'
import { readKey } from './key.ts'
import { Services } from './services.ts'

/**
 * The services of a Consul, by blocking queries, and its key-value store. Fails as a whole when one question fails: what was known last keeps
 * counting, and it begins anew.
 */
export const consulDiscovery = defineDiscovery({
  name: 'consul',
  config: consulOptions,
  async *watch(settings, signal, { log }) {
    using client = await ConsulClient.open(settings)
    yield* new Services({ client, settings, log, signal }).sets()
  },
  get: readKey,
})
