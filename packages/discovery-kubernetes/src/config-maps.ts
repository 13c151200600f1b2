import { ApiFailure, KubernetesClient } from '@octopus-gateway/kubernetes-client'
import { field, textOf } from '@octopus-gateway/discovery-support'
import { metadataOf, valueOf } from './catalog/metadata.ts'
import { namespacesOf } from './namespaces.ts'
import { silentLogger, type KeyValue } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** Where a value may be. */
interface Place {
  readonly namespace: string | undefined
  readonly name: string
  readonly key: string
}

/**
 * ConfigMaps as a key-value store. Keys are `configmap:<name>/<key>` and `configmap:<namespace>/<name>/<key>`, and for schemas `schemas/<service>/<version>/<type>`, which
 * is the key `<type>.json` of `<service>-schemas-<version>`. Read are ConfigMaps of watched namespaces with the label `farp.io/enabled`, and no
 * others: keys come out of manifests, and whoever writes one must not choose what the gateway reads with its own rights.
 */
export async function readKey(settings: Settings, key: string, signal: AbortSignal): Promise<KeyValue | undefined> {
  const place = placeOf(key)
  if (place === undefined) return undefined
  using client = await KubernetesClient.open({ ...settings, rights: 'get on configmaps', oldest: '1.21', log: silentLogger })
  const watched = namespacesOf(settings, client)
  const isWatched = (namespace: string): boolean => watched.includes(undefined) || watched.includes(namespace)
  for (const namespace of place.namespace === undefined ? watched : [place.namespace].filter(isWatched)) {
    const found = namespace === undefined ? undefined : await read(client, namespace, place, signal)
    if (found !== undefined) return found
  }
  return undefined
}

const NAME = '[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?'
const PATH = new RegExp(`^configmap:/{0,2}(?:(${NAME})/)?(${NAME})/([-._a-zA-Z0-9]{1,253})$`)
const SCHEMA = new RegExp(`^/?(?:farp/)?schemas/(${NAME})/(${NAME})/([a-z0-9]{1,32})$`)

function placeOf(key: string): Place | undefined {
  const path = PATH.exec(key)
  if (path !== null) return { namespace: path[1], name: path[2]!, key: path[3]! }
  const schema = SCHEMA.exec(key)
  return schema === null ? undefined : { namespace: undefined, name: `${schema[1]}-schemas-${schema[2]}`, key: `${schema[3]}.json` }
}

async function read(client: KubernetesClient, namespace: string, { name, key }: Place, signal: AbortSignal): Promise<KeyValue | undefined> {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
  const object = await client.get({ path }, signal).catch((thrown: unknown) => {
    if (thrown instanceof ApiFailure && thrown.status === 404) return undefined
    throw thrown
  })
  if (object === undefined) return undefined
  if (!/^(?:true|1|yes)$/i.test(valueOf(metadataOf(object), 'farp.enabled') ?? ''))
    throw new Error(`The ConfigMap ${namespace}/${name} is not read, because it has no label farp.io/enabled=true.`)
  const plain = textOf(field(field(object, 'data'), key))
  const binary = textOf(field(field(object, 'binaryData'), key))
  if (plain === undefined && binary === undefined) return undefined
  return {
    value: plain === undefined ? new Uint8Array(Buffer.from(binary!, 'base64')) : new TextEncoder().encode(plain),
    revision: Number(textOf(field(field(object, 'metadata'), 'resourceVersion')) ?? 0),
  }
}
