import { clean } from '../text.ts'
import { isObject, own, ownList, ownObject, ownText } from '../json.ts'
import { mountPath } from '../mount.ts'
import { pointerTokens } from '../adapters/pointers.ts'
import type { JsonObject } from '../json.ts'
import type { LoadedSchema } from '../schemas/content.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Mount } from '../mount.ts'
import type { SchemaOperation } from '../adapters/adapter.ts'

/** What is known of something that is to go. */
export interface Deprecation {
  /** Unix seconds; 0 when nobody says since when. */
  readonly since: number
  /** When it is to be gone: Unix seconds. */
  readonly removal: number | undefined
  /** A path of the service, or a URL. */
  readonly replacement: string | undefined
  readonly migration: string | undefined
  readonly reason: string | undefined
}

/** The most entries of one schema that are read. */
const MOST = 1_000

/** What a service says of an operation: in the schema's `compatibility`, in the document, in `route_table`, or of its whole version. */
export function deprecationOf(operation: SchemaOperation, manifest: Manifest, schema: LoadedSchema | undefined): Deprecation | undefined {
  const declared = schema?.descriptor.compatibility
  const entry = declared === undefined ? undefined : entryFor(operation, ownList(declared, 'deprecations'))
  const policy = policyOf(manifest)
  if (entry === undefined && !operation.deprecated && policy === undefined) return undefined
  const text = (name: string): string | undefined => (entry === undefined ? undefined : ownText(entry, name) || undefined)
  const from = (...values: readonly unknown[]): number | undefined => values.map(secondsOf).find((seconds) => seconds !== undefined)
  return {
    since: from(text('deprecated_at'), own(operation.extensions, 'x-deprecated-at'), policy?.['deprecation_date']) ?? 0,
    removal: from(text('removal_date'), own(operation.extensions, 'x-sunset'), policy?.['sunset_date']),
    replacement: text('replacement'),
    migration: text('migration'),
    reason: text('reason'),
  }
}

/** Of the version as a whole. */
function policyOf({ raw }: Manifest): JsonObject | undefined {
  const versioning = ownObject(ownObject(raw, 'routing') ?? {}, 'versioning')
  return versioning === undefined ? undefined : ownObject(versioning, 'deprecation_policy')
}

function entryFor(operation: SchemaOperation, entries: readonly unknown[]): JsonObject | undefined {
  const wanted = plain(operation.path)
  return entries.slice(0, MOST).find((entry): entry is JsonObject => {
    const place = isObject(entry) ? placeOf(ownText(entry, 'path') ?? '') : undefined
    return place !== undefined && plain(place.path) === wanted && (place.method === undefined || place.method === operation.method)
  })
}

function plain(path: string): string {
  return path.replace(/^\//, '').replaceAll(/\{[^{}]*\}/g, '{}')
}

const METHOD = /^(?:get|put|post|delete|options|head|patch|query)$/i

/** Where a pointer into a document leads: `/paths/users/v1/list` as the specification writes it, or `/paths/~1users~1v1~1list/get` (RFC 6901). */
function placeOf(pointer: string): { readonly path: string; readonly method: string | undefined } | undefined {
  const tokens = pointerTokens(pointer.startsWith('#') ? pointer : `#${pointer}`)
  const [section, first = '', ...rest] = tokens
  if (section !== 'paths' && section !== 'channels' && section !== 'services' && section !== 'procedures') return undefined
  const isPointer = first.startsWith('/')
  const parts = isPointer ? rest : [first, ...rest]
  const last = parts.at(-1)
  const method = last !== undefined && METHOD.test(last) && (isPointer || parts.length > 1) ? last.toUpperCase() : undefined
  if (isPointer) return { path: first, method }
  return { path: `/${(method === undefined ? parts : parts.slice(0, -1)).join('/')}`, method }
}

/** A date, or a time with its zone, as ISO 8601 writes them: Unix seconds. */
function secondsOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(value))
    return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}

/**
 * The fields that tell clients: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and `Link` to what takes its place (RFC 8288, RFC 5829) and to how to get there.
 */
export function deprecationFields(deprecation: Deprecation, mount: Mount): Record<string, string> {
  const { since, removal, replacement, migration } = deprecation
  const successor = linkTo(replacement, mount)
  const guide = urlOf(migration)
  const links = [
    ...(successor === undefined ? [] : [`<${successor}>; rel="successor-version"`]),
    ...(guide === undefined ? [] : [`<${guide}>; rel="deprecation"`]),
  ]
  return {
    deprecation: `@${since}`,
    ...(removal === undefined ? {} : { sunset: new Date(removal * 1000).toUTCString() }),
    ...(links.length === 0 ? {} : { link: links.join(', ') }),
  }
}

/** What plugins and operators see. */
export function deprecationMeta({ since, removal, replacement, migration, reason }: Deprecation): Readonly<Record<string, unknown>> {
  const texts = Object.entries({ replacement, migration, reason }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, clean(value, 500)] as const],
  )
  return { ...(since === 0 ? {} : { since }), ...(removal === undefined ? {} : { removal }), ...Object.fromEntries(texts) }
}

/** A path of the service as clients reach it, or a URL. A template has no address. */
function linkTo(target: string | undefined, mount: Mount): string | undefined {
  if (target === undefined) return undefined
  const url = urlOf(target)
  if (url !== undefined) return url
  const path = placeOf(target)?.path ?? target
  return /^\/(?!\/)[\w.~!$&'()*+,;=:@/%-]{0,1000}$/.test(path) ? mountPath(mount, path) : undefined
}

function urlOf(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 1000 || !/^https?:\/\/[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  // What ends a reference in a Link field, or does not belong into one.
  return url.username !== '' || url.password !== '' || /[<>"\\^`{|}\s]/.test(url.href) ? undefined : url.href
}
