import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { clean } from '../text.ts'
import { pointerPart } from './note.ts'
import { SCHEMA_TYPES } from './manifest.ts'
import type { Composition, ConflictStrategy, SchemaDescriptor, SchemaLocation } from './manifest.ts'
import type { JsonObject } from '../json.ts'
import type { Note } from './note.ts'
import type { SchemaType } from '../adapters/adapter.ts'

/** Reads a schema descriptor; `undefined` when nothing can be made of it, with a note why. */
export function readDescriptor(raw: JsonObject, note: Note): SchemaDescriptor | undefined {
  const type = ownText(raw, 'type') ?? ''
  if (!isSchemaType(type)) {
    note(`unsupported schema type "${clean(type, 40)}"; skipped`, '/type')
    return undefined
  }
  const specVersion = ownText(raw, 'spec_version') ?? ''
  if (specVersion === '') note('spec_version is missing', '/spec_version')
  const location = readLocation(raw, note)
  if (location === undefined) return undefined
  const hash = (ownText(raw, 'hash') ?? '').toLowerCase()
  const isHash = /^[0-9a-f]{64}$/.test(hash)
  if (hash !== '' && !isHash) note('hash is not 64 hexadecimal digits; the schema is not verified', '/hash')
  const contentType = ownText(raw, 'content_type') || undefined
  if (contentType === undefined && hash !== '') note('content_type is missing', '/content_type')
  return {
    type,
    specVersion,
    location,
    contentType,
    hash: isHash ? hash : undefined,
    composition: compositionOf(raw),
    metadata: ownObject(raw, 'metadata') ?? table(),
    compatibility: ownObject(raw, 'compatibility'),
  }
}

function isSchemaType(type: string): type is SchemaType {
  return SCHEMA_TYPES.has(type)
}

function readLocation(raw: JsonObject, note: Note): SchemaLocation | undefined {
  const location = ownObject(raw, 'location')
  const url = location === undefined ? undefined : ownText(location, 'url') || undefined
  const path = location === undefined ? undefined : ownText(location, 'registry_path') || undefined
  const inline = own(raw, 'inline_schema') ?? (location === undefined ? undefined : own(location, 'inline_schema'))
  const written = location === undefined ? '' : (ownText(location, 'type') ?? '')
  const type = written.toLowerCase() || (isPresent(inline) ? 'inline' : url !== undefined ? 'http' : path !== undefined ? 'registry' : '')
  if (written === '') note('location.type is missing', '/location/type')
  else if (type !== written) note(`location.type "${clean(written, 40)}" is not in lower case`, '/location/type')
  switch (type) {
    case 'http':
      if (url === undefined) return unknown(note, 'location.url is missing', '/location/url')
      return { type, url, headers: headersOf(location!, note) }
    case 'registry':
      return path === undefined ? unknown(note, 'location.registry_path is missing', '/location/registry_path') : { type, path }
    case 'inline':
      return isPresent(inline) ? { type, schema: inline } : unknown(note, 'inline_schema is missing', '/inline_schema')
    case 'grpc_reflection':
      return { type: 'reflection', address: location === undefined ? undefined : ownText(location, 'address') || undefined }
    case '':
      return unknown(note, 'location says nothing', '/location')
    default:
      note(`invalid location type "${clean(written, 40)}"; skipped`, '/location/type')
      return undefined
  }
}

function unknown(note: Note, message: string, pointer: string): SchemaLocation {
  note(`${message}; the instance's own addresses are tried`, pointer)
  return { type: 'unknown' }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Fields that frame or route the request, or carry credentials of others: never a service's to set. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'cookie',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
  'if-none-match',
])

/** The fields of `location.headers` that may be sent. A note names the dropped ones; values are secrets and never written anywhere. */
function headersOf(location: JsonObject, note: Note): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const [written, value] of Object.entries(ownObject(location, 'headers') ?? {})) {
    const name = written.toLowerCase()
    const isName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/.test(name)
    const isAllowed = isName && !FORBIDDEN.has(name) && !name.startsWith('proxy-')
    if (isAllowed && typeof value === 'string' && /^[\t\u0020-\u007e]{0,8192}$/.test(value) && fields.size < 32) fields.set(name, value)
    else note(`header "${clean(written, 60)}" of location.headers is not sent`, `/location/headers/${pointerPart(written)}`)
  }
  return fields
}

const STRATEGIES: readonly ConflictStrategy[] = ['prefix', 'error', 'skip', 'overwrite', 'merge']

function compositionOf(raw: JsonObject): Composition | undefined {
  const openapi = ownObject(ownObject(raw, 'metadata') ?? {}, 'openapi')
  const composition = openapi === undefined ? undefined : ownObject(openapi, 'composition')
  if (composition === undefined) return undefined
  return {
    // A composition without the member means "no": a peer written in Go drops `false`.
    include: own(composition, 'include_in_merged') === true,
    componentPrefix: ownText(composition, 'component_prefix') || undefined,
    tagPrefix: ownText(composition, 'tag_prefix') || undefined,
    operationIdPrefix: ownText(composition, 'operation_id_prefix') || undefined,
    conflictStrategy: STRATEGIES.find((strategy) => strategy === own(composition, 'conflict_strategy')),
    preserveExtensions: own(composition, 'preserve_extensions') === true,
    customServers: ownList(composition, 'custom_servers').filter(
      (server): server is JsonObject => isObject(server) && typeof own(server, 'url') === 'string',
    ),
  }
}
