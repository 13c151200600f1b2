import { isObject, own, ownText, table } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

/** What of a document is to be known where a schema is converted. */
export interface SchemaRefs {
  /** What a reference to a schema becomes. */
  schema(ref: string): string
  /** A schema as OpenAPI 3 writes it, made once. */
  converted(schema: JsonObject, convert: () => JsonObject): JsonObject
}

const ONE: ReadonlySet<string> = new Set(['additionalProperties', 'items', 'not'])
const MANY: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf'])
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'definitions'])

/** A schema of Swagger 2.0 as OpenAPI 3.0 writes it. Examples, defaults and other data stay as they are. */
export function convertSchema(schema: JsonObject, refs: SchemaRefs): JsonObject {
  return refs.converted(schema, () => convert(schema, refs))
}

function convert(schema: JsonObject, refs: SchemaRefs): JsonObject {
  const ref = own(schema, '$ref')
  if (typeof ref === 'string') return table([['$ref', refs.schema(ref)]])
  const sub = (value: unknown): unknown => (isObject(value) ? convertSchema(value, refs) : value)
  const converted = table<unknown>()
  for (const [name, value] of Object.entries(schema)) {
    if (ONE.has(name)) converted[name] = Array.isArray(value) ? table([['anyOf', value.map(sub)]]) : sub(value)
    else if (MANY.has(name) && Array.isArray(value)) converted[name] = value.map(sub)
    else if (NAMED.has(name) && isObject(value)) converted[name] = table(Object.entries(value).map(([key, item]) => [key, sub(item)]))
    else if (name === 'discriminator' && typeof value === 'string') converted[name] = table([['propertyName', value]])
    else if (name === 'x-nullable') converted['nullable'] = value === true
    else if (name === 'collectionFormat') converted['x-collection-format'] = value
    else converted[name] = value
  }
  if (ownText(schema, 'type') === 'file') Object.assign(converted, { type: 'string', format: 'binary' })
  return converted
}

const OF_SCHEMAS: ReadonlySet<string> = new Set([
  'type',
  'format',
  'items',
  'default',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'enum',
  'multipleOf',
  'x-nullable',
])

/** The schema of a parameter, form field or header, whose keywords stand in itself. */
export function schemaOfItem(item: JsonObject, refs: SchemaRefs): JsonObject {
  return convertSchema(table(Object.entries(item).filter(([name]) => OF_SCHEMAS.has(name))), refs)
}
