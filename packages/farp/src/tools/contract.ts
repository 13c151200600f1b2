import { adapterOf } from '../adapters/index.ts'
import { addressOf } from '../address.ts'
import { decodeUtf8 } from '../schemas/utf8.ts'
import { documentFetcher } from '../net/guarded.ts'
import { LIMITS } from '../limits.ts'
import { parseSchema, SchemaError } from '../schemas/parse.ts'
import { SCHEMA_TYPES } from '../manifest/manifest.ts'
import { settingsOf } from '../options.ts'
import { Turns } from '../net/turns.ts'
import type { FarpOptions } from '../options.ts'
import type { JsonObject } from '../json.ts'
import type { SchemaType } from '../adapters/adapter.ts'

/** A schema document that was read. */
export interface ContractDocument {
  readonly kind: SchemaType
  readonly document: JsonObject
}

/** Whether a text names a schema language. */
export function isContractKind(text: string): text is SchemaType {
  return SCHEMA_TYPES.has(text)
}

/** Reads a schema document of any language; without `kind`, what is in it tells. Rejects with a `SchemaError`. */
export async function readContract(bytes: Uint8Array, kind?: SchemaType): Promise<ContractDocument> {
  const language = kind ?? kindOf(bytes)
  return { kind: language, document: (await adapterOf(language)).read(bytes, LIMITS) }
}

/** By the member that each language begins with. */
const MARKS: readonly (readonly [string, SchemaType])[] = [
  ['openapi', 'openapi'],
  ['swagger', 'openapi'],
  ['asyncapi', 'asyncapi'],
  ['orpc', 'orpc'],
  ['thrift_version', 'thrift'],
  ['avro_version', 'avro'],
  ['sdl', 'graphql'],
  ['__schema', 'graphql'],
  ['data', 'graphql'],
  ['file', 'grpc'],
  ['services', 'grpc'],
]

/** A definition of GraphQL at the beginning of a line: none of the other languages has one, YAML has a colon there. */
const DEFINITION = /^(?:extend\s+)?(?:schema|type|interface|union|enum|input|scalar|directive)(?:\s+[_A-Za-z@][^:\n]*)?(?:[{=]|$)/m

function kindOf(bytes: Uint8Array): SchemaType {
  const text = decodeUtf8(bytes)
  // Of all languages only descriptor sets are not text.
  if (text === undefined || text.includes('\u0000')) return 'grpc'
  if (DEFINITION.test(text) && !/^\s*\{/.test(text)) return 'graphql'
  const value = parseSchema(bytes, LIMITS)
  const found = MARKS.find(([member]) => Object.hasOwn(value, member))
  if (found !== undefined) return found[1]
  if (Object.hasOwn(value, 'service_name')) throw new SchemaError('it is a FARP manifest, not a schema; name the schema that it points to')
  throw new SchemaError('what language it is cannot be told; --type says it')
}

/** Fetches a schema document as a gateway would, within the same limits. Rejects with a `FetchError`; throws `TypeError` for what is no URL. */
export async function fetchContractBytes(text: string, options: FarpOptions = {}): Promise<Uint8Array> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const address = url === undefined ? undefined : addressOf(url)
  if (url === undefined || address === undefined || url.username !== '' || url.password !== '')
    throw new TypeError(`"${text}" is not an http or https URL without credentials`)
  const { limits, fetcher, allowedHosts, requireHttps } = settingsOf(options)
  const { body } = await documentFetcher(fetcher, limits, new Turns(1, 1)).fetch({
    url,
    scope: { registered: [address], service: address.host, allowedHosts, requireHttps },
    maxBytes: limits.schemaBytes,
    accept: 'application/json, application/yaml;q=0.9, application/graphql;q=0.8, */*;q=0.1',
    signal: new AbortController().signal,
  })
  return body
}
