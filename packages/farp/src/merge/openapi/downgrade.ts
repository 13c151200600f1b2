import { isObject, ownObject, ownText, table } from '../../json.ts'
import { resolvePointer } from '../../adapters/pointers.ts'
import type { JsonObject } from '../../json.ts'
import type { Kind } from './grammar.ts'

/** Members that only 3.2 knows. In a 3.1 document they are extensions: kept, and never read as something else. */
const NEW: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  mediaType: ['itemSchema', 'prefixEncoding', 'itemEncoding'],
  encoding: ['encoding', 'prefixEncoding', 'itemEncoding'],
  response: ['summary'],
  pathItem: ['query', 'additionalOperations'],
  securityScheme: ['deprecated', 'oauth2MetadataUrl'],
}

/** What 3.2 has and 3.1 has not, as 3.1 can say it. Changes the copy. */
export function downgrade(copy: Record<string, unknown>, kind: Kind): void {
  for (const name of NEW[kind] ?? []) if (Object.hasOwn(copy, name)) move(copy, name)
  if (kind === 'example') downgradeExample(copy)
  if (kind === 'operation') downgradeParameters(copy)
  if (kind === 'securityScheme') {
    const flows = ownObject(copy, 'flows')
    if (flows === undefined || !Object.hasOwn(flows, 'deviceAuthorization')) return
    const moved = table(Object.entries(flows))
    move(moved, 'deviceAuthorization')
    copy['flows'] = moved
  }
}

function move(copy: Record<string, unknown>, name: string): void {
  const value = copy[name]
  delete copy[name]
  if (!Object.hasOwn(copy, `x-${name}`)) copy[`x-${name}`] = value
}

/** `dataValue` is what `value` was; a serialized one is the next best. */
function downgradeExample(copy: Record<string, unknown>): void {
  for (const name of ['dataValue', 'serializedValue']) {
    if (!Object.hasOwn(copy, name)) continue
    if (!Object.hasOwn(copy, 'value') && !Object.hasOwn(copy, 'externalValue')) {
      copy['value'] = copy[name]
      delete copy[name]
    } else move(copy, name)
  }
}

/** A parameter that is the whole query string has no equal in 3.1. */
function downgradeParameters(operation: Record<string, unknown>): void {
  const parameters = operation['parameters']
  if (!Array.isArray(parameters)) return
  const isWhole = (item: unknown): boolean => isObject(item) && ownText(item, 'in') === 'querystring'
  const whole = parameters.find(isWhole) as unknown
  if (whole === undefined) return
  operation['parameters'] = parameters.filter((item) => !isWhole(item)) as unknown[]
  operation['x-querystring'] = whole
}

/** A tag with the members of 3.2 as extensions. */
export function downgradeTag(tag: Record<string, unknown>): void {
  for (const name of ['summary', 'parent', 'kind']) if (Object.hasOwn(tag, name)) move(tag, name)
}

/** Media types cannot be references in 3.1, so what they refer to is written in their place. */
export function withoutMediaTypeRef(mediaType: JsonObject, document: JsonObject): JsonObject {
  let current = mediaType
  for (let steps = 0; steps < 16; steps++) {
    const ref = ownText(current, '$ref')
    if (ref === undefined) return current
    const target = resolvePointer(document, ref)
    if (!isObject(target)) break
    current = target
  }
  return table()
}
