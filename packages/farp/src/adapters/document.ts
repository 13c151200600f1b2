import { checkSchemaValue, parseSchema, SchemaError } from '../schemas/parse.ts'
import { decodeUtf8 } from '../schemas/utf8.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { SchemaAdapter } from './adapter.ts'

/**
 * Languages whose documents are kept and shown, but make no routes: Thrift, Avro, and those the gateway has never heard of. What is neither JSON nor
 * YAML (an IDL) is kept as `{ "format": "text", "text": … }`.
 */
export const documentAdapter: SchemaAdapter = {
  read: readAny,
  check: checkSchemaValue,
  adapt: () => ({ operations: [], findings: [] }),
}

function readAny(bytes: Uint8Array, limits: Limits): JsonObject {
  try {
    return parseSchema(bytes, limits)
  } catch (thrown) {
    if (!(thrown instanceof SchemaError)) throw thrown
    const text = decodeUtf8(bytes)
    if (text === undefined || /^\s*[[{]/.test(text)) throw thrown
    return { format: 'text', text }
  }
}
