import { Cluster } from './cluster.ts'
import { defineDiscovery } from '@octopus-gateway/core'
import { etcdOptions, type EtcdOptions } from './options.ts'
import { readOne } from './range.ts'
import { watchInstances } from './watch.ts'
import * as v from 'valibot'
import type { DiscoveryProvider, KeyValues } from '@octopus-gateway/core'

const define = defineDiscovery({
  name: 'etcd',
  config: etcdOptions,
  watch: (settings, signal, { log }) => watchInstances(settings, signal, log),
})

/**
 * Services that register themselves in etcd 3.4 or newer, over its JSON gateway: everything below the prefixes is read once, then followed. When
 * the cluster cannot be asked, what was known last keeps counting.
 */
export function etcdDiscovery(options?: EtcdOptions): DiscoveryProvider {
  return { ...define(options), keyValues: keyValuesOf(options) }
}

function keyValuesOf(options: EtcdOptions | undefined): KeyValues {
  let cluster: Promise<Cluster> | undefined
  return {
    async get(key, signal) {
      cluster ??= Cluster.open(v.parse(etcdOptions, options))
      try {
        const pair = await readOne(await cluster, key, signal)
        return pair === undefined ? undefined : { value: Buffer.from(pair.value, 'base64'), revision: pair.revision }
      } catch (thrown) {
        // Certificates may have been replaced: files are read again.
        cluster = undefined
        throw thrown
      }
    },
  }
}
