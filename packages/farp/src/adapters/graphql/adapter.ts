import { checkSdl } from './sdl.ts'
import { decodeUtf8 } from '../../schemas/utf8.ts'
import { graphqlOperations } from './operations.ts'
import { introspected, toSdl } from './introspection.ts'
import { isObject, ownText, violation } from '../../json.ts'
import { messageOf } from '../../text.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { JsonObject } from '../../json.ts'
import type { Limits } from '../../limits.ts'
import type { SchemaAdapter } from '../adapter.ts'

/**
 * GraphQL: schema language, bare or as `{ format: 'SDL', sdl }`, or an introspection result, bare, as an answer has it, or as
 * `{ format: 'introspection', data }`. The parsed form is `{ format: 'SDL', sdl, spec_version? }`.
 */
export const graphqlAdapter: SchemaAdapter = {
  read(bytes, limits) {
    const text = decodeUtf8(bytes)
    if (text === undefined) throw new SchemaError('it is not UTF-8')
    return fromValue(/^\s*[{"]/.test(text) ? parse(text) : text, limits)
  },
  check: fromValue,
  adapt: graphqlOperations,
}

/** A quote may begin a JSON text or the description of the first definition. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    if (/^\s*"/.test(text)) return text
    throw new SchemaError(`it is not JSON: ${messageOf(thrown)}`)
  }
}

function fromValue(value: unknown, limits: Limits): JsonObject {
  const problem = violation(value, limits)
  if (problem !== undefined) throw new SchemaError(problem)
  if (typeof value === 'string') return document(value, undefined, limits)
  if (!isObject(value)) throw new SchemaError('it is neither a text nor an object')
  const version = ownText(value, 'spec_version')
  const sdl = ownText(value, 'sdl')
  if (sdl !== undefined) return document(sdl, version, limits)
  const schema = introspected(value)
  if (schema === undefined) throw new SchemaError('it has neither "sdl" nor "__schema"')
  return document(toSdl(schema), version, limits)
}

function document(sdl: string, version: string | undefined, limits: Limits): JsonObject {
  if (sdl.length > limits.schemaBytes) throw new SchemaError(`it is longer than ${limits.schemaBytes} bytes`)
  checkSdl(sdl, limits)
  return { format: 'SDL', sdl, ...(version === undefined || version === '' ? {} : { spec_version: version }) }
}
