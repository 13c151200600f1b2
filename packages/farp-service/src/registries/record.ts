import { capabilitiesOf, endpointsOf, PROTOCOL } from '../manifest/build.ts'
import { originOf } from '../place.ts'
import type { FarpServiceOptions } from '../options.ts'
import type { Place } from '../place.ts'
import type { SchemaType } from '../manifest/manifest.ts'
import type { Status } from '../manifest/instance.ts'

/** What a registry is told about an instance. */
export interface ServiceRecord {
  readonly id: string
  readonly service_name: string
  readonly version: string
  /** Without the port. */
  readonly address: string
  readonly port: number
  readonly status: Status
  readonly tags: readonly string[]
  /** `farp.enabled`, `farp.manifest`…: see the helper of each registry for the spelling it accepts. */
  readonly metadata: Readonly<Record<string, string>>
  /** RFC 3339. */
  readonly registered_at: string
}

/** What a record is made of. */
export interface RecordParts {
  readonly options: FarpServiceOptions
  readonly id: string
  readonly status: Status
  readonly place: Place
  readonly types: readonly SchemaType[]
  /** Whether it pushes itself to a gateway as well. */
  readonly isPushed: boolean
  /** Unix seconds. */
  readonly startedAt: number
}

/** The record of an instance, in no registry's spelling. */
export function buildRecord({ options, id, status, place, types, isPushed, startedAt }: RecordParts): ServiceRecord {
  const { tags = [] } = options
  return {
    id,
    service_name: options.name,
    version: options.version,
    address: place.host,
    port: place.port,
    status,
    tags: tags.includes('farp') ? tags : ['farp', ...tags],
    metadata: metadataOf(options, { place, types, isPushed }),
    registered_at: new Date(startedAt * 1000).toISOString(),
  }
}

function metadataOf(
  options: FarpServiceOptions,
  { place, types, isPushed }: Pick<RecordParts, 'place' | 'types' | 'isPushed'>,
): Record<string, string> {
  const endpoints = endpointsOf(options, types)
  const origin = originOf(place)
  const metadata: Record<string, string> = {
    'farp.enabled': 'true',
    'farp.version': PROTOCOL,
    'farp.manifest': `${origin}/_farp/manifest`,
    // Separated by blanks: readers that split on blanks alone take commas for a part of the word.
    'farp.capabilities': `[${capabilitiesOf(options, types).join(' ')}]`,
    'farp.strategy': isPushed ? 'push' : 'pull',
    scheme: place.scheme,
  }
  for (const name of ['openapi', 'asyncapi', 'graphql'] as const) addPlace(metadata, { name, text: endpoints[name], origin })
  // One reader knows the path as `farp.health`, another as `farp.health.path`.
  metadata['farp.health'] = pathOf(endpoints.health, origin)
  metadata['farp.health.path'] = pathOf(endpoints.health, origin)
  metadata['farp.health.url'] = new URL(endpoints.health, origin).href
  if (endpoints.metrics !== undefined) metadata['farp.metrics.path'] = pathOf(endpoints.metrics, origin)
  if (endpoints.grpc_reflection === true) metadata['farp.grpc.reflection'] = 'true'
  return metadata
}

function addPlace(
  metadata: Record<string, string>,
  { name, text, origin }: { readonly name: string; readonly text: string | undefined; readonly origin: string },
): void {
  if (text === undefined) return
  metadata[`farp.${name}`] = new URL(text, origin).href
  metadata[`farp.${name}.path`] = pathOf(text, origin)
}

function pathOf(text: string, origin: string): string {
  const url = new URL(text, origin)
  return url.pathname + url.search
}
