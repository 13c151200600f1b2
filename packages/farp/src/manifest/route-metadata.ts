import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { parseGoDuration } from '../duration.ts'
import type { JsonObject } from '../json.ts'
import type { Manifest } from './manifest.ts'
import type { SchemaOperation } from '../adapters/adapter.ts'

/** What a service says of one of its operations beside the schema. */
export interface RouteMetadata {
  /** Milliseconds; the service's own limit (`route_table[].timeout`). */
  readonly timeout: number | undefined
  /** Milliseconds; a guess (`timeout_hint`). */
  readonly timeoutHint: number | undefined
  readonly idempotent: boolean | undefined
  /** The other members, for plugins to read: what this gateway has no policy for. */
  readonly carried: JsonObject
}

/** Members that are carried, and what they are called in `meta.farp`. Anything else is not a member of the protocol. */
const CARRIED: readonly (readonly [string, string])[] = [
  ['cost', 'cost'],
  ['cacheable', 'cacheable'],
  ['cache_ttl', 'cacheTtl'],
  ['sensitivity', 'sensitivity'],
  ['response_size', 'responseSize'],
  ['rate_limit_hint', 'rateLimitHint'],
  ['rate_limit', 'rateLimit'],
  ['cors', 'cors'],
  ['cache', 'cache'],
  ['middleware', 'middleware'],
  ['public', 'public'],
]

/** Characters of what a route carries for plugins: the same may stand with ten thousand routes, and is compared with each update. */
export const MOST_CARRIED = 16_384

const read = new WeakMap<JsonObject, RouteMetadata>()

/** Reads the members of a route's metadata, wherever they stand. The same object gives the same metadata. */
export function readRouteMetadata(raw: JsonObject): RouteMetadata {
  let known = read.get(raw)
  if (known === undefined) read.set(raw, (known = metadataIn(raw)))
  return known
}

function metadataIn(raw: JsonObject): RouteMetadata {
  const idempotent = own(raw, 'idempotent')
  return {
    timeout: durationOf(raw, 'timeout'),
    timeoutHint: durationOf(raw, 'timeout_hint'),
    idempotent: typeof idempotent === 'boolean' ? idempotent : undefined,
    carried: table(
      CARRIED.flatMap(([name, shown]): [string, unknown][] => {
        const value = own(raw, name)
        return isZero(value) || JSON.stringify(value).length > MOST_CARRIED ? [] : [[shown, value]]
      }),
    ),
  }
}

/** What the manifest's `routes[]`, the entry of its `route_table` and the operation's own `x-farp` say together; the first that says something counts. */
export function routeMetadataOf(manifest: Manifest, operation: SchemaOperation): RouteMetadata {
  const entry = tableEntryOf(operation)
  const sources = [
    ...indexOf(manifest).of(operation),
    ...(entry === undefined ? [] : [entry, ownObject(entry, 'metadata') ?? table()]),
    ownObject(operation.extensions, 'x-farp') ?? table(),
  ]
  return sources.map(readRouteMetadata).reduce((all, next) => ({
    timeout: all.timeout ?? next.timeout,
    timeoutHint: all.timeoutHint ?? next.timeoutHint,
    idempotent: all.idempotent ?? next.idempotent,
    carried: table([...Object.entries(next.carried), ...Object.entries(all.carried)]),
  }))
}

const entries = new WeakMap<SchemaOperation, JsonObject>()

/** Remembers where an operation comes from. */
export function fromTable(operation: SchemaOperation, entry: JsonObject): SchemaOperation {
  entries.set(operation, entry)
  return operation
}

/** The entry of `route_table` that an operation was made from. */
export function tableEntryOf(operation: SchemaOperation): JsonObject | undefined {
  return entries.get(operation)
}

interface Index {
  of(operation: SchemaOperation): readonly JsonObject[]
}

const indices = new WeakMap<Manifest, Index>()

/** `routes[]` by operation id, else by method and path. */
function indexOf(manifest: Manifest): Index {
  const known = indices.get(manifest)
  if (known !== undefined) return known
  const byId = new Map<string, JsonObject>()
  const byPlace = new Map<string, JsonObject>()
  for (const item of ownList(manifest.raw, 'routes')) {
    if (!isObject(item)) continue
    const id = ownText(item, 'operation_id')
    const path = ownText(item, 'path')
    if (id !== undefined && id !== '' && !byId.has(id)) byId.set(id, item)
    if (path === undefined) continue
    for (const method of methodsOf(item)) {
      const place = `${method} ${normalPath(path)}`
      if (!byPlace.has(place)) byPlace.set(place, item)
    }
  }
  const index = {
    of: ({ operationId, method, path }: SchemaOperation): readonly JsonObject[] => {
      const byOperation = operationId === undefined ? undefined : byId.get(operationId)
      const found = byOperation ?? byPlace.get(`${method} ${normalPath(path)}`) ?? byPlace.get(`* ${normalPath(path)}`)
      return found === undefined ? [] : [found]
    },
  }
  indices.set(manifest, index)
  return index
}

/** Without methods, an entry is about all of its path. */
function methodsOf(item: JsonObject): string[] {
  const one = ownText(item, 'method')
  const texts = [...(one === undefined ? [] : [one]), ...ownList(item, 'methods').filter((name) => typeof name === 'string')]
  return texts.length === 0 ? ['*'] : texts.map((name) => name.toUpperCase())
}

/** Names of parameters do not matter, and `:id` is `{id}`. */
function normalPath(path: string): string {
  return path.replaceAll(/\{[^{}/]*\}/g, '{}').replaceAll(/(?<=\/):[^/]+/g, '{}')
}

/** Milliseconds of a Go duration above 0; a day at most. */
export function durationOf(object: JsonObject, name: string): number | undefined {
  const text = ownText(object, name)
  const ms = text === undefined ? undefined : parseGoDuration(text)
  return ms === undefined || ms < 1 || ms > 86_400_000 ? undefined : Math.round(ms)
}

/** A peer written in Go drops zero values, so they say nothing when others write them. */
function isZero(value: unknown): boolean {
  return (
    value === undefined || value === null || value === false || value === 0 || value === '' || (Array.isArray(value) && value.length === 0)
  )
}
