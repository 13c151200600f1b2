import { decodeUtf8 } from '../../schemas/utf8.ts'
import { fromSimpleShape, isSimpleShape } from './simple-shape.ts'
import { grpcOperations } from './operations.ts'
import { isObject, own, violation } from '../../json.ts'
import { messageOf } from '../../text.ts'
import { SchemaError } from '../../schemas/parse.ts'
import { setFromBytes, setFromJson } from './descriptor-set.ts'
import type { JsonObject } from '../../json.ts'
import type { Limits } from '../../limits.ts'
import type { SchemaAdapter } from '../adapter.ts'

/**
 * gRPC: a FileDescriptorSet in binary (as it is, or as base64 in a manifest) or in JSON, or the simple shape of FARP's merger. The parsed form is a
 * FileDescriptorSet in protobuf's JSON mapping. Routes stand at `/package.Service/Method`, whatever the mount.
 */
export const grpcAdapter: SchemaAdapter = {
  read(bytes, limits) {
    const json = looksLikeJson(bytes) ? parse(bytes) : undefined
    return json === undefined ? setFromBytes(bytes, limits) : fromValue(json, limits)
  },
  check(value, limits) {
    return typeof value === 'string' ? setFromBytes(decodeBase64(value, limits), limits) : fromValue(value, limits)
  },
  adapt: grpcOperations,
}

function looksLikeJson(bytes: Uint8Array): boolean {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (at < bytes.length && [0x20, 0x09, 0x0a, 0x0d].includes(bytes[at]!)) at++
  return bytes[at] === 0x7b
}

/** `undefined` for what may still be binary: there the tag of the first file is a line feed, and its length may well be an opening brace. */
function parse(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes)
  try {
    if (text !== undefined) return JSON.parse(text)
  } catch (thrown) {
    if (bytes[0] !== 0x0a) throw new SchemaError(`it is not JSON: ${messageOf(thrown)}`)
  }
  return undefined
}

function fromValue(value: unknown, limits: Limits): JsonObject {
  const problem = violation(value, limits)
  if (problem !== undefined) throw new SchemaError(problem)
  if (!isObject(value)) throw new SchemaError('it is not an object')
  if (Array.isArray(own(value, 'file'))) return setFromJson(value, limits)
  if (isSimpleShape(value)) return setFromJson(fromSimpleShape(value), limits)
  throw new SchemaError('it is no FileDescriptorSet: it has neither "file" nor "services"')
}

function decodeBase64(text: string, limits: Limits): Uint8Array {
  if (text.length > limits.schemaBytes * 1.4) throw new SchemaError(`it is longer than ${limits.schemaBytes} bytes`)
  if (!/^[\w+/-]*={0,2}$/.test(text)) throw new SchemaError('it is a text, but not base64')
  return new Uint8Array(Buffer.from(text, 'base64'))
}
