import { manifestChecksum, routesChecksum } from '@octopus-gateway/farp-digest'
import { addressOf, originOf } from '../place.ts'
import type { Endpoints, Manifest, SchemaDescriptor, SchemaType } from './manifest.ts'
import type { FarpServiceOptions } from '../options.ts'
import type { Place } from '../place.ts'
import type { SchemaDocument } from '../schemas/document.ts'
import type { Status } from './instance.ts'

/** The protocol that the kit speaks. */
export const PROTOCOL = '1.1.0'

/** What a manifest is made of. */
export interface ManifestParts {
  readonly options: FarpServiceOptions
  readonly id: string
  readonly status: Status
  readonly place: Place
  readonly documents: readonly SchemaDocument[]
  /** Unix seconds. */
  readonly startedAt: number
  readonly updatedAt: number
}

/** A manifest. Members that nothing was said about are absent: peers take that as their default. */
export function buildManifest({ options, id, status, place, documents, startedAt, updatedAt }: ManifestParts): Manifest {
  const { instance = {}, auth, hints, route_table: routeTable, extensions } = options
  const { deployment } = instance
  const schemas = documents.map((document) => descriptorOf(document, options, place))
  const routing = { ...options.routing, strategy: options.routing?.strategy ?? ('service' as const) }
  const endpoints = endpointsOf(
    options,
    documents.map(({ type }) => type),
  )
  const webhook = webhookOf(options, place)
  return {
    ...extensions,
    version: PROTOCOL,
    service_name: options.name,
    service_version: options.version,
    instance_id: id,
    instance: {
      ...instance,
      address: addressOf(place),
      status,
      started_at: startedAt,
      ...(deployment === undefined ? {} : { deployment: { deployed_at: startedAt, ...deployment } }),
    },
    schemas,
    capabilities: capabilitiesOf(
      options,
      documents.map(({ type }) => type),
    ),
    endpoints,
    routing,
    ...(auth === undefined ? {} : { auth }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(hints === undefined ? {} : { hints }),
    ...(routeTable === undefined ? {} : { route_table: routeTable }),
    updated_at: updatedAt,
    checksum: manifestChecksum(schemas),
    routes_checksum: routesChecksum({
      routing,
      routes: routeTable?.map(({ protocol = 'rest', ...route }) => ({ ...route, protocol })) ?? documents.flatMap(({ routes }) => routes),
      endpoints,
    }),
  }
}

function descriptorOf(document: SchemaDocument, options: FarpServiceOptions, place: Place): SchemaDescriptor {
  const { type, value } = document
  const compatibility = options.compatibility?.[type]
  const metadata = options.metadata?.[type]
  const isInline = options.inline === true && value !== undefined
  return {
    type,
    spec_version: document.specVersion,
    location: isInline ? { type: 'inline' } : { type: 'http', url: `${originOf(place)}${schemaPath(type)}` },
    content_type: document.contentType,
    ...(isInline ? { inline_schema: value } : {}),
    hash: document.hash,
    size: document.body.length,
    ...(compatibility === undefined ? {} : { compatibility }),
    ...(metadata === undefined ? {} : { metadata: { [type]: metadata } }),
  }
}

/** Where the kit serves a schema. */
export function schemaPath(type: SchemaType): string {
  return `/_farp/schemas/${type}`
}

/** The paths that the kit serves, and those that the options name. */
export function endpointsOf(options: FarpServiceOptions, types: readonly SchemaType[]): Endpoints & { readonly health: string } {
  return {
    health: '/_farp/health',
    ...(types.includes('openapi') ? { openapi: schemaPath('openapi') } : {}),
    ...(types.includes('asyncapi') ? { asyncapi: schemaPath('asyncapi') } : {}),
    ...(types.includes('graphql') ? { graphql: '/graphql' } : {}),
    ...options.endpoints,
  }
}

const CAPABILITY: Readonly<Record<SchemaType, string>> = {
  openapi: 'rest',
  asyncapi: 'websocket',
  grpc: 'grpc',
  graphql: 'graphql',
  orpc: 'rpc',
}

/** What the options say, else what the schemas mean. */
export function capabilitiesOf({ capabilities }: FarpServiceOptions, types: readonly SchemaType[]): readonly string[] {
  return capabilities ?? types.map((type) => CAPABILITY[type])
}

function webhookOf({ webhook }: FarpServiceOptions, place: Place): Manifest['webhook'] {
  if (webhook === undefined) return undefined
  const { secret, path = WEBHOOK_PATH, on, ...account } = webhook
  // Without a secret nobody could be believed, so no path is offered.
  return { ...account, ...(secret === undefined || on === undefined ? {} : { service_webhook: originOf(place) + path }) }
}

export const WEBHOOK_PATH = '/farp/webhook'
