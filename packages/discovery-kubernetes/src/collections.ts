import { Failure } from './failure.ts'
import { mirror, type Collection } from './mirror.ts'
import type { Catalog, Kind } from './catalog/catalog.ts'
import type { News } from '@octopus-gateway/discovery-support'
import type { Client } from './client.ts'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** A collection that is kept in a catalog. */
export interface Watched extends Collection {
  readonly kind: Kind
}

const formOf = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`

const WHOLE = { list: 'application/json', watch: 'application/json' }

/** Metadata alone, without the rest of an object. A watch that is offered the form of lists, also as one of several, is answered and tells nothing. */
const METADATA = { list: formOf('PartialObjectMetadataList'), watch: formOf('PartialObjectMetadata') }

/** What is watched in a namespace, or in all of them. */
export function collectionsOf(namespace: string | undefined, { labelSelector }: Settings, catalog: Catalog, news: News): Watched[] {
  const inside = namespace === undefined ? '' : `/namespaces/${namespace}`
  const told = (change: () => void): void => {
    change()
    if (catalog.isTouched) news.touch()
  }
  const watched = (kind: Kind, path: string, selector: string | undefined, accept = WHOLE): Watched => ({
    kind,
    path,
    query: selector === undefined ? {} : { labelSelector: selector },
    accept,
    replace: (objects) => told(() => catalog.replace(kind, namespace, objects)),
    put: (object) => told(() => catalog.put(kind, object)),
    delete: (object) => told(() => catalog.delete(kind, object)),
  })
  return [
    watched('services', `/api/v1${inside}/services`, labelSelector),
    // Not selected by the labels of the Service: whoever writes slices by hand need not repeat them.
    watched('endpointslices', `/apis/discovery.k8s.io/v1${inside}/endpointslices`, 'kubernetes.io/service-name'),
    watched('pods', `/api/v1${inside}/pods`, undefined, METADATA),
  ]
}

/** How a collection is followed. */
interface Following {
  /** Called once, when it is there. */
  readonly listed: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Follows a collection until `signal` aborts. Rejects when that cannot be done. */
export async function follow(client: Client, collection: Watched, { listed, log, signal }: Following): Promise<void> {
  try {
    await mirror(client, collection, listed, signal)
  } catch (thrown) {
    // Pods can say more of themselves, and need not be readable: their specifications may hold secrets.
    if (collection.kind !== 'pods' || !(thrown instanceof Failure) || thrown.status !== 403) throw thrown
    log.debug('pods are not read, as the roles of the gateway do not allow it', { path: collection.path })
    collection.replace([])
    listed()
  }
}
