import { Catalog } from './catalog/catalog.ts'
import { checkNamespace, namespacesOf } from './namespaces.ts'
import { collectionsOf } from './collections.ts'
import { defineDiscovery, type Logger, type ServiceSet } from '@octopus-gateway/core'
import { KubernetesClient, mirror } from '@octopus-gateway/kubernetes-client'
import { kubernetesOptions, type Settings } from './options.ts'
import { News, scopeOf } from '@octopus-gateway/discovery-support'
import { readKey } from './config-maps.ts'

/**
 * Services of a Kubernetes cluster: the endpoints of its Services, watched. Needs to list and watch Services and EndpointSlices; where it may do so with
 * pods, their labels and annotations count as well. Its key-value store are ConfigMaps with the label `farp.io/enabled`.
 */
export const kubernetesDiscovery = defineDiscovery({
  name: 'kubernetes',
  config: kubernetesOptions,
  watch: (settings, signal, { log }) => watchInstances(settings, signal, log),
  get: readKey,
})

async function* watchInstances(settings: Settings, signal: AbortSignal, log: Logger): AsyncGenerator<ServiceSet> {
  const rights = 'get, list and watch on services and endpointslices'
  using client = await KubernetesClient.open({ ...settings, rights, oldest: '1.21', log })
  const namespaces = namespacesOf(settings, client)
  const { portName, includeNotReady } = settings
  const changes = new News()
  const isQualified = namespaces.length > 1 || namespaces[0] === undefined
  const catalog = new Catalog({ portName, includeNotReady, isQualified }, () => changes.touch())
  using scope = scopeOf(signal)
  const collections = namespaces.flatMap((namespace) => collectionsOf(namespace, settings, catalog, log))
  const waiting = new Set(collections)
  for (const collection of collections) {
    const listed = (): void => {
      waiting.delete(collection)
      changes.touch()
    }
    mirror(client, { ...collection, listed }, scope.signal).catch((thrown: unknown) => changes.fail(thrown))
  }
  while (waiting.size > 0 && !signal.aborted) await changes.next(signal)
  for (const namespace of namespaces) {
    if (namespace !== undefined && !catalog.hasServices(namespace)) await checkNamespace(client, namespace, log, signal)
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
