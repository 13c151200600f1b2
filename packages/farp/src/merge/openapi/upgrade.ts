import { isObject, own, table } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

/**
 * A schema object of OpenAPI 3.0 as 3.1 (JSON Schema 2020-12) writes it: `nullable` becomes a type, boolean exclusive bounds become numbers,
 * `example` becomes `examples`; what stands beside a `$ref`, which 3.0 ignores and 3.1 does not, goes. Shallow; shares what it keeps.
 */
export function upgradeSchema(schema: JsonObject): JsonObject {
  const ref = own(schema, '$ref')
  if (typeof ref === 'string') return table([['$ref', ref]])
  const upgraded = table(Object.entries(fixBounds(schema)).filter(([name]) => name !== 'nullable' && name !== 'example'))
  const example = own(schema, 'example')
  if (example !== undefined && !Object.hasOwn(schema, 'examples')) upgraded['examples'] = [example]
  return own(schema, 'nullable') === true ? nullable(upgraded) : upgraded
}

function nullable(schema: Record<string, unknown>): JsonObject {
  const { type } = schema
  const values = schema['enum']
  if (Array.isArray(values) && !values.includes(null)) schema['enum'] = [...values, null]
  if (typeof type === 'string') return Object.assign(schema, { type: type === 'null' ? type : [type, 'null'] })
  if (Array.isArray(type)) return Object.assign(schema, { type: type.includes('null') ? type : [...type, 'null'] })
  // Without a type, `nullable` says nothing in 3.0 unless a subschema restricts the type: then null is one more alternative.
  const isRestricted = ['allOf', 'anyOf', 'oneOf'].some((name) => Object.hasOwn(schema, name))
  return isRestricted ? table([['anyOf', [schema, { type: 'null' }]]]) : schema
}

/** `exclusiveMinimum: true` beside `minimum: 1` is `exclusiveMinimum: 1`. Documents that say 3.1 have this as well, by mistake. */
export function fixBounds(schema: JsonObject): JsonObject {
  let fixed: Record<string, unknown> | undefined
  for (const [exclusive, inclusive] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    const value = own(schema, exclusive)
    if (typeof value !== 'boolean') continue
    fixed ??= table(Object.entries(schema))
    delete fixed[exclusive]
    const bound = own(schema, inclusive)
    if (value && typeof bound === 'number') {
      fixed[exclusive] = bound
      delete fixed[inclusive]
    }
  }
  return fixed ?? schema
}

/** Whether a document is OpenAPI 3.0. */
export function isOpenApi30(document: JsonObject): boolean {
  const version = own(document, 'openapi')
  return isObject(document) && typeof version === 'string' && version.startsWith('3.0')
}
