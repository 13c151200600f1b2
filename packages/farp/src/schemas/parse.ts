import { isScalar, parseDocument, visit } from 'yaml'
import { isObject, violation } from '../json.ts'
import { clean, messageOf } from '../text.ts'
import { decodeUtf8 } from './utf8.ts'
import type { Document } from 'yaml'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** Why a schema document cannot be read. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SchemaError'
  }
}

/**
 * Reads a schema in JSON or YAML (1.2, core types only: no custom tags, no merge keys, few aliases). Throws `SchemaError` for anything that is
 * not UTF-8, not an object, or nested too deep.
 */
export function parseSchema(bytes: Uint8Array, limits: Limits): JsonObject {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new SchemaError('it is not UTF-8')
  const isJson = /^\s*\{/.test(text)
  return checkSchemaValue(isJson ? parseJson(text, limits) : parseYaml(text, limits), limits)
}

/** The same checks for a schema that came inside a manifest. */
export function checkSchemaValue(value: unknown, limits: Limits): JsonObject {
  const problem = violation(value, limits)
  if (problem !== undefined) throw new SchemaError(problem)
  if (!isObject(value)) throw new SchemaError('it is not an object')
  return value
}

function parseJson(text: string, limits: Limits): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    // YAML flow style begins with a brace as well.
    if (text.length <= limits.yamlBytes && /^\s*\{\s*[^"\s}]/.test(text)) return parseYaml(text, limits)
    throw new SchemaError(`it is not JSON: ${messageOf(thrown)}`)
  }
}

function parseYaml(text: string, limits: Limits): unknown {
  if (text.length > limits.yamlBytes)
    throw new SchemaError(`YAML is read up to ${limits.yamlBytes} bytes; publish larger documents as JSON`)
  if (flowDepth(text) > limits.depth * 4) throw new SchemaError(`it is nested more than ${limits.depth} levels deep`)
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      customTags: null,
      logLevel: 'silent',
      // The library compares each key with each other one of its map.
      uniqueKeys: false,
    })
    checkKeys(document)
    const problem = document.errors[0] ?? document.warnings[0]
    if (problem !== undefined) throw new SchemaError(`it is not acceptable YAML: ${problem.message.split('\n')[0]}`)
    return document.toJS({ maxAliasCount: 100 })
  } catch (thrown) {
    if (thrown instanceof SchemaError) throw thrown
    throw new SchemaError(`it is not YAML: ${messageOf(thrown)}`)
  }
}

/** Of a key that is there twice nobody knows which one counts. Throws `SchemaError`. */
function checkKeys(document: Document): void {
  visit(document, {
    Map(_, map) {
      const keys = new Set<unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        if (keys.has(name)) throw new SchemaError(`it is not acceptable YAML: the key "${clean(String(name), 100)}" is there twice`)
        keys.add(name)
      }
    },
  })
}

/** The deepest run of opening brackets, counted roughly (text in quotes counts too): the parser would recurse that deep. */
function flowDepth(text: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x5b || char === 0x7b) deepest = Math.max(deepest, ++depth)
    else if ((char === 0x5d || char === 0x7d) && depth > 0) depth--
  }
  return deepest
}
