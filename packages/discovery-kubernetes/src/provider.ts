import { accessOf } from './access/choose.ts'
import { Catalog } from './catalog/catalog.ts'
import { checkNamespace, namespacesOf } from './namespaces.ts'
import { Client } from './client.ts'
import { collectionsOf, follow, type Watched } from './collections.ts'
import { configMaps } from './config-maps.ts'
import { defineDiscovery, type DiscoveryProvider, type Logger } from '@octopus-gateway/core'
import { News, scopeOf } from '@octopus-gateway/discovery-support'
import { kubernetesOptions, type KubernetesOptions, type Settings } from './options.ts'

const define = defineDiscovery({ name: 'kubernetes', config: kubernetesOptions, watch })

/**
 * Services of a Kubernetes cluster: the endpoints of its Services, watched. Needs to list and watch Services and EndpointSlices; where it may do so with
 * pods, their labels and annotations count as well. Its key-value store are ConfigMaps with the label `farp.io/enabled`.
 */
export function kubernetesDiscovery(options: KubernetesOptions = {}): DiscoveryProvider {
  return { ...define(options), keyValues: configMaps(options) }
}

async function* watch(settings: Settings, signal: AbortSignal, { log }: { readonly log: Logger }): ReturnType<DiscoveryProvider['watch']> {
  const access = await accessOf(settings, log)
  const namespaces = namespacesOf(settings, access)
  using client = new Client(access)
  const { portName, includeNotReady } = settings
  const catalog = new Catalog({ portName, includeNotReady, isQualified: namespaces.length > 1 || namespaces[0] === undefined })
  const changes = new News()
  using scope = scopeOf(signal)
  const waiting = new Set<Watched>(namespaces.flatMap((namespace) => collectionsOf(namespace, settings, catalog, changes)))
  for (const collection of waiting) {
    const listed = (): void => {
      waiting.delete(collection)
      changes.touch()
    }
    void follow(client, collection, { listed, log, signal: scope.signal }).catch((thrown: unknown) => changes.fail(thrown))
  }
  while (waiting.size > 0 && !signal.aborted) await changes.next(signal)
  for (const namespace of namespaces) {
    if (namespace !== undefined && !catalog.hasServices(namespace)) await checkNamespace(client, namespace, { access, log, signal })
  }
  const complained = new Set<string>()
  while (!signal.aborted) {
    const { set, portless } = catalog.instances()
    yield set
    for (const service of portless) {
      if (complained.has(service)) continue
      complained.add(service)
      log.warn('a Kubernetes Service has no port that can be used', { service, port_name: portName })
    }
    await changes.next(signal)
  }
}
