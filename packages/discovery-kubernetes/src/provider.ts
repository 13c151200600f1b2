import { accessOf } from './access/access.ts'
import { Catalog, type Kind } from './catalog/catalog.ts'
import { Changes } from './changes.ts'
import { Client } from './client.ts'
import { configMaps } from './config-maps.ts'
import { defineDiscovery, type DiscoveryProvider, type Logger } from '@octopus-gateway/core'
import { Failure } from './failure.ts'
import { kubernetesOptions, type KubernetesOptions, type Settings } from './options.ts'
import { mirror, type Collection } from './mirror.ts'
import { namespacesOf } from './namespaces.ts'

const define = defineDiscovery({ name: 'kubernetes', config: kubernetesOptions, watch })

/**
 * Services of a Kubernetes cluster: the endpoints of its Services, watched. Needs to `get`, `list` and `watch` Services and EndpointSlices; where it may
 * do so with pods, their labels and annotations count as well. Its key-value store are ConfigMaps with the label `farp.io/enabled`.
 */
export function kubernetesDiscovery(options: KubernetesOptions = {}): DiscoveryProvider {
  return { ...define(options), keyValues: configMaps(options) }
}

const METADATA =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

async function* watch(settings: Settings, signal: AbortSignal, { log }: { readonly log: Logger }): ReturnType<DiscoveryProvider['watch']> {
  const access = await accessOf(settings, log)
  const namespaces = namespacesOf(settings, access)
  using client = new Client(access)
  const { portName, includeNotReady } = settings
  const catalog = new Catalog({ portName, includeNotReady, isQualified: namespaces.length !== 1 || namespaces[0] === undefined })
  const changes = new Changes()
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal.addEventListener('abort', end)
  const collections = namespaces.flatMap((namespace) => collectionsOf(namespace, settings, catalog, changes))
  let waiting = collections.length
  const listed = (): void => void (--waiting === 0 && changes.touch())
  for (const { kind, collection } of collections) {
    void run(client, kind, { collection, listed, log, signal: ending.signal }).catch((thrown: unknown) => changes.fail(thrown as Error))
  }
  try {
    while (waiting > 0 && !signal.aborted) await changes.next(signal)
    for (const namespace of namespaces) {
      if (namespace !== undefined && !catalog.hasServices(namespace)) await checkNamespace(client, { namespace, access, log, signal })
    }
    const complained = new Set<string>()
    while (!signal.aborted) {
      yield catalog.instances()
      for (const service of catalog.portless) {
        if (complained.size < 1000 && !complained.has(service))
          log.warn('a Kubernetes Service has no port that can be used', { service, port_name: portName })
        complained.add(service)
      }
      await changes.next(signal)
    }
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

interface Watched {
  readonly kind: Kind
  readonly collection: Collection
}

function collectionsOf(namespace: string | undefined, { labelSelector }: Settings, catalog: Catalog, changes: Changes): Watched[] {
  const inside = namespace === undefined ? '' : `/namespaces/${namespace}`
  const watched = (kind: Kind, path: string, more: { readonly labelSelector?: string; readonly accept?: string } = {}): Watched => {
    const told = (change: () => void): void => {
      change()
      changes.touch()
    }
    const collection = {
      path,
      ...more,
      replace: (objects: readonly unknown[]) => told(() => catalog.replace(kind, namespace, objects)),
      put: (object: unknown) => told(() => catalog.put(kind, object)),
      delete: (object: unknown) => told(() => catalog.delete(kind, object)),
    }
    return { kind, collection }
  }
  return [
    watched('services', `/api/v1${inside}/services`, labelSelector === undefined ? {} : { labelSelector }),
    // Not selected by the labels of the Service: whoever writes slices by hand need not repeat them.
    watched('endpointslices', `/apis/discovery.k8s.io/v1${inside}/endpointslices`, { labelSelector: 'kubernetes.io/service-name' }),
    watched('pods', `/api/v1${inside}/pods`, { accept: METADATA }),
  ]
}

interface Run {
  readonly collection: Collection
  readonly listed: () => void
  readonly log: Logger
  readonly signal: AbortSignal
}

async function run(client: Client, kind: Kind, { collection, listed, log, signal }: Run): Promise<void> {
  let isFirst = true
  const once = (): void => {
    if (isFirst) listed()
    isFirst = false
  }
  try {
    await mirror(client, collection, once, signal)
  } catch (thrown) {
    // Pods can say more of themselves, and need not be readable: their specifications may hold secrets.
    if (kind !== 'pods' || !(thrown instanceof Failure) || thrown.status !== 403) throw thrown
    log.debug('pods are not read, as the roles of the gateway do not allow it', { path: collection.path })
    collection.replace([])
    once()
  }
}

interface Check {
  readonly namespace: string
  readonly access: { readonly server: URL }
  readonly log: Logger
  readonly signal: AbortSignal
}

/** A list in a namespace that does not exist is empty, and so is one with a mistake in its name. */
async function checkNamespace(client: Client, { namespace, access, log, signal }: Check): Promise<void> {
  try {
    await client.get({ path: `/api/v1/namespaces/${namespace}` }, signal)
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    if (thrown.status === 404)
      throw new Error(
        `There is no namespace "${namespace}" in the Kubernetes cluster at ${access.server.host}; check discovery.kubernetes.namespace.`,
        {
          cause: thrown,
        },
      )
    if (thrown.status !== 403) throw thrown
    log.info('a Kubernetes namespace has no Services that are selected; check its name and the label selector', { namespace })
  }
}
