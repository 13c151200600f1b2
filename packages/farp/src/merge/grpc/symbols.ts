import { isObject, own, ownList, ownText, sameJson, table } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

/** The members of a file that define names, and what kind of conflict two of one name are. */
export const DEFINITIONS = [
  ['messageType', 'grpc_message'],
  ['enumType', 'grpc_message'],
  ['extension', 'grpc_message'],
  ['service', 'grpc_service'],
] as const

/** A full name as references write it: `.package.Name`. */
export function fullName(scope: string, name: string): string {
  return scope === '' ? `.${name}` : `.${scope}.${name}`
}

/** Whether two definitions say the same. A `jsonName` that is the usual one may be written or not. */
export function sameDefinition(a: JsonObject, b: JsonObject): boolean {
  return sameJson(withoutUsual(a), withoutUsual(b))
}

function withoutUsual(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUsual)
  if (!isObject(value)) return value
  const usual = (ownText(value, 'name') ?? '').replaceAll(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())
  return table(
    Object.entries(value)
      .filter(([name, item]) => name !== 'jsonName' || item !== usual)
      .map(([name, item]) => [name, withoutUsual(item)]),
  )
}

/** A type that something refers to. */
export interface TypeReference {
  readonly name: string
  readonly isEnum: boolean
}

/** All types that the definitions of a file refer to, by full name. */
export function referencesOf(file: JsonObject): TypeReference[] {
  const found = new Map<string, TypeReference>()
  const note = (name: string | undefined, isEnum = false): void => {
    if (name?.startsWith('.') === true) found.set(name, { name, isEnum })
  }
  const pending: JsonObject[] = [file]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    note(ownText(next, 'typeName'), own(next, 'type') === 'TYPE_ENUM')
    for (const name of ['extendee', 'inputType', 'outputType']) note(ownText(next, name))
    for (const name of ['messageType', 'nestedType', 'field', 'extension', 'service', 'method'])
      pending.push(...ownList(next, name).filter(isObject))
  }
  return [...found.values()]
}

/** Every type that a definition makes, itself and those inside, by full name. */
export function namesIn(definition: JsonObject, name: string): string[] {
  return [
    name,
    ...['nestedType', 'enumType'].flatMap((member) =>
      ownList(definition, member)
        .filter(isObject)
        .flatMap((inner) => namesIn(inner, `${name}.${ownText(inner, 'name') ?? ''}`)),
    ),
  ]
}
