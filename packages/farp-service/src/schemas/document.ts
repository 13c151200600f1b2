import { schemaHash, sha256 } from '@octopus-gateway/farp-digest'
import { documentOf } from './text.ts'
import { routesOf } from './routes.ts'
import type { RoutedPath } from '@octopus-gateway/farp-digest'
import type { SchemaType } from '../manifest/manifest.ts'

/** A schema, ready to be served. */
export interface SchemaDocument {
  readonly type: SchemaType
  readonly specVersion: string
  readonly contentType: string
  readonly body: Uint8Array
  /** Of the canonical form; of the bytes where there is no JSON. */
  readonly hash: string
  /** The parsed form, for a manifest that carries it; `undefined` for bytes. */
  readonly value: Readonly<Record<string, unknown>> | undefined
  /** What is routed because of it. */
  readonly routes: readonly RoutedPath[]
}

/** Makes what is served from what was given. Throws `TypeError`. */
export async function schemaDocument(type: SchemaType, given: object | string | Uint8Array): Promise<SchemaDocument> {
  if (given instanceof Uint8Array) {
    if (type !== 'grpc') throw new TypeError(`the ${type} document is bytes; pass text or an object`)
    const body = Uint8Array.from(given)
    const hash = sha256(body)
    const routes = routesOf(type, undefined, hash)
    return { type, specVersion: 'proto3', contentType: 'application/x-protobuf', body, hash, value: undefined, routes }
  }
  const value = type === 'graphql' ? await graphqlDocument(given) : await documentOf(given, type)
  const hash = schemaHash(value)
  return {
    type,
    specVersion: specVersionOf(type, value),
    contentType: 'application/json',
    // In the order of the document, for people who read it; the hash does not depend on it.
    body: new TextEncoder().encode(JSON.stringify(value)),
    hash,
    value,
    routes: routesOf(type, value, hash),
  }
}

/** SDL or the result of an introspection, as peers wrap it. */
async function graphqlDocument(given: object | string): Promise<Readonly<Record<string, unknown>>> {
  if (typeof given === 'string' && !/^\s*\{/.test(given)) return { format: 'SDL', sdl: given, spec_version: GRAPHQL }
  const document = await documentOf(given, 'graphql')
  if (typeof document['format'] === 'string') return document
  const data = '__schema' in document ? document : document['data']
  if (typeof data !== 'object' || data === null)
    throw new TypeError('the graphql document is neither SDL nor the result of an introspection')
  return { format: 'introspection', data, spec_version: GRAPHQL }
}

const GRAPHQL = '2021'

function specVersionOf(type: SchemaType, value: Readonly<Record<string, unknown>>): string {
  const said = (name: string): string | undefined => (typeof value[name] === 'string' ? value[name] : undefined)
  switch (type) {
    case 'openapi':
      return said('openapi') ?? said('swagger') ?? fail('the openapi document has no member "openapi"')
    case 'asyncapi':
      return said('asyncapi') ?? fail('the asyncapi document has no member "asyncapi"')
    case 'orpc':
      return said('orpc') ?? '1.0.0'
    case 'graphql':
      return said('spec_version') ?? GRAPHQL
    case 'grpc':
      return 'proto3'
  }
}

function fail(message: string): never {
  throw new TypeError(message)
}
