import type { RoutedPath } from '@octopus-gateway/farp-digest'
import type { SchemaType } from '../manifest/manifest.ts'

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'])

const PROTOCOL: Readonly<Record<SchemaType, string>> = {
  openapi: 'rest',
  asyncapi: 'websocket',
  grpc: 'grpc',
  graphql: 'graphql',
  orpc: 'rest',
}

/** What is routed because of a schema, for the routes checksum. */
export function routesOf(type: SchemaType, value: Readonly<Record<string, unknown>> | undefined, hash: string): RoutedPath[] {
  const paths = type === 'openapi' ? value?.['paths'] : undefined
  if (isObject(paths)) {
    return Object.entries(paths).map(([path, item]) => ({
      path,
      methods: Object.keys(isObject(item) ? item : {})
        .filter((name) => METHODS.has(name))
        .map((name) => name.toUpperCase()),
      protocol: 'rest',
    }))
  }
  // A gateway that finds the checksum unchanged leaves the routes alone, so a schema that is not taken apart counts as a whole.
  return [{ path: `${type}:${hash}`, protocol: PROTOCOL[type] }]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
