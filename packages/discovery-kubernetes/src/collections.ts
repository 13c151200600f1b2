import type { Catalog } from './catalog/catalog.ts'
import type { Collection } from '@octopus-gateway/kubernetes-client'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** What is watched in a namespace, or in all of them, and kept in a catalog. */
export function collectionsOf(
  namespace: string | undefined,
  { labelSelector }: Settings,
  { services, slices, pods }: Catalog,
  log: Logger,
): readonly Omit<Collection, 'listed'>[] {
  const inside = namespace === undefined ? '' : `/namespaces/${namespace}`
  const podsPath = `/api/v1${inside}/pods`
  return [
    { path: `/api/v1${inside}/services`, labelSelector, ...services },
    // Not selected by the labels of the Service: whoever writes slices by hand need not repeat them.
    { path: `/apis/discovery.k8s.io/v1${inside}/endpointslices`, labelSelector: 'kubernetes.io/service-name', ...slices },
    {
      path: podsPath,
      metadataOnly: true,
      ...pods,
      // Pods can say more of themselves, and need not be readable: their specifications may hold secrets.
      forbidden: () => log.debug('pods are not read, as the roles of the gateway do not allow it', { path: podsPath }),
    },
  ]
}
