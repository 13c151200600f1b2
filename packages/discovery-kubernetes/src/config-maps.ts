import * as v from 'valibot'
import { accessOf } from './access/choose.ts'
import { Client } from './client.ts'
import { Failure } from './failure.ts'
import { field, textOf } from '@octopus-gateway/discovery-support'
import { kubernetesOptions, type KubernetesOptions } from './options.ts'
import { metadataOf, valueOf } from './catalog/metadata.ts'
import { namespacesOf } from './namespaces.ts'
import { silentLogger, type KeyValue, type KeyValues } from '@octopus-gateway/core'

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
export function configMaps(options: KubernetesOptions): KeyValues {
  return {
    async get(key, signal) {
      const place = placeOf(key)
      if (place === undefined) return undefined
      const settings = await v.parseAsync(kubernetesOptions, options)
      const access = await accessOf(settings, silentLogger)
      using client = new Client(access)
      const watched = namespacesOf(settings, access)
      const isWatched = (namespace: string): boolean => watched.includes(undefined) || watched.includes(namespace)
      if (place.namespace !== undefined) return isWatched(place.namespace) ? read(client, place.namespace, place, signal) : undefined
      for (const namespace of watched) {
        const found = namespace === undefined ? undefined : await read(client, namespace, place, signal)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
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

async function read(client: Client, namespace: string, { name, key }: Place, signal: AbortSignal): Promise<KeyValue | undefined> {
  let object: unknown
  try {
    object = await client.get({ path: `/api/v1/namespaces/${namespace}/configmaps/${name}` }, signal)
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.status === 404) return undefined
    throw thrown
  }
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
