import { hostAndPort, instanceWith, isIn, isObject, wordOf, type JsonObject } from '@octopus-gateway/discovery-support'
import type { ServiceInstance } from '@octopus-gateway/core'

/** What the key of a value says. */
interface Named {
  readonly service: string | undefined
  readonly id: string | undefined
}

/** The instance that a value describes, in the words of any of its writers, or `undefined` when it is none. */
export function instanceIn(value: unknown, named: Named): ServiceInstance | undefined {
  if (!isObject(value)) return undefined
  const place = placeIn(value)
  const service = wordOf(value['service_name']) ?? wordOf(value['serviceName']) ?? wordOf(value['name']) ?? named.service
  if (place === undefined || service === undefined) return undefined
  const metadata = metadataIn(value)
  return instanceWith({
    id: wordOf(value['id']) ?? wordOf(value['instance_id']) ?? named.id ?? `${service}@${place.host}:${place.port}`,
    service,
    ...place,
    secure: value['secure'] === true || metadata['scheme']?.toLowerCase() === 'https',
    ready: value['ready'] !== false && isIn(wordOf(value['status'])),
    weight: value['weight'],
    zone: wordOf(value['zone']) ?? metadata['zone'],
    version: wordOf(value['version']) ?? wordOf(value['service_version']) ?? metadata['version'],
    metadata,
  })
}

/** The address may hold the port, and then there is none beside it, or 0. */
function placeIn(value: JsonObject): { readonly host: string; readonly port: number } | undefined {
  const address = wordOf(value['address']) ?? wordOf(value['host'])
  if (address === undefined) return undefined
  const { host, port } = hostAndPort(address)
  const own = Number(value['port'] ?? 0)
  return host === '' ? undefined : { host, port: own > 0 ? own : port }
}

/** Tables within metadata that hold further metadata. */
const TABLES: ReadonlySet<string> = new Set(['custom'])

function metadataIn(value: JsonObject): Readonly<Record<string, string>> {
  const own = isObject(value['metadata']) ? value['metadata'] : {}
  const flat = Object.entries(own).flatMap(([name, item]) => (TABLES.has(name) && isObject(item) ? Object.entries(item) : [[name, item]]))
  const tags = value['tags']
  const all = [...(Array.isArray(tags) && tags.length > 0 ? [['tags', tags]] : []), ...flat] as [string, unknown][]
  return Object.fromEntries(all.flatMap(([name, item]) => (item === null || item === undefined ? [] : [[name, inWords(item, name)]])))
}

function inWords(item: unknown, name: string): string {
  if (typeof item === 'string') return item
  const isList = Array.isArray(item) && item.every((one) => typeof one === 'string')
  return isList && name === 'tags' ? item.join(',') : JSON.stringify(item)
}
