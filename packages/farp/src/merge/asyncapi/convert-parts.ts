import { isObject, own, ownList, ownText, table } from '../../json.ts'
import { resolveItem } from '../../adapters/pointers.ts'
import { convertSecurity } from './convert-security.ts'
import type { JsonObject } from '../../json.ts'

/** What a version 2 document means by saying nothing about a payload's language, in any version of it. */
const OWN_FORMAT = /^application\/vnd\.aai\.asyncapi(?:[+;]|$)/

/** A message of version 2 as version 3 has it: the payload's language stands with the payload. References stay. */
export function convertMessage(message: JsonObject): JsonObject {
  if (Object.hasOwn(message, '$ref')) return message
  const copy = table(Object.entries(message))
  for (const name of ['messageId', 'schemaFormat']) delete copy[name]
  const id = ownText(message, 'messageId')
  if (id !== undefined) copy['x-messageId'] = id
  const format = ownText(message, 'schemaFormat')
  if (format !== undefined && Object.hasOwn(message, 'payload') && !OWN_FORMAT.test(format)) {
    const payload = own(message, 'payload')
    copy['payload'] = table([
      ['schemaFormat', format],
      ['schema', payload],
    ])
  }
  if (Object.hasOwn(message, 'traits')) {
    copy['traits'] = ownList(message, 'traits').map((trait) => (isObject(trait) ? convertTrait(trait, undefined) : trait))
  }
  return copy
}

/** A trait; one of operations has security by name, for which the document is needed. */
export function convertTrait(trait: JsonObject, document: JsonObject | undefined): JsonObject {
  if (Object.hasOwn(trait, '$ref')) return trait
  const copy = table(Object.entries(trait))
  for (const name of ['messageId', 'schemaFormat', 'operationId']) {
    if (!Object.hasOwn(copy, name)) continue
    copy[`x-${name}`] = copy[name]
    delete copy[name]
  }
  if (document !== undefined && Object.hasOwn(trait, 'security')) copy['security'] = convertSecurity(ownList(trait, 'security'), document)
  return copy
}

/** A parameter: in version 3 it is a text, whose schema says no more than which ones. What else the schema said is kept beside it. */
export function convertParameter(parameter: JsonObject, document: JsonObject): JsonObject {
  if (Object.hasOwn(parameter, '$ref')) return parameter
  const copy = table(Object.entries(parameter).filter(([name]) => name !== 'schema'))
  const written = own(parameter, 'schema')
  const schema = resolveItem(written, document)
  if (schema === undefined) return copy
  for (const name of ['enum', 'examples']) {
    const texts = ownList(schema, name)
    if (texts.length > 0) copy[name] = texts.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
  }
  const fallback = own(schema, 'default')
  if (fallback !== undefined) copy['default'] = typeof fallback === 'string' ? fallback : JSON.stringify(fallback)
  const description = ownText(schema, 'description')
  if (description !== undefined && !Object.hasOwn(copy, 'description')) copy['description'] = description
  const isWhole = Object.keys(schema).every(
    (name) => ['enum', 'examples', 'default', 'description'].includes(name) || schema[name] === 'string',
  )
  if (!isWhole) copy['x-schema'] = schema
  return copy
}
