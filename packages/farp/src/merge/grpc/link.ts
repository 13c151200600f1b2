import { create, createFileRegistry, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import * as wellKnown from '@bufbuild/protobuf/wkt'
import { isObject } from '../../json.ts'
import { messageOf } from '../../text.ts'
import type { DescFile, FileRegistry, JsonValue } from '@bufbuild/protobuf'
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt'
import type { JsonObject } from '../../json.ts'

/** Why files do not make a descriptor set in which everything is found, or `undefined` when they do. */
export function linkProblem(files: readonly JsonObject[]): string | undefined {
  try {
    registryOf(read({ file: files }))
    return undefined
  } catch (thrown) {
    return messageOf(thrown).slice(0, 200)
  }
}

/** A descriptor set in protobuf's JSON mapping as bytes. */
export function toDescriptorBytes(document: JsonObject): Uint8Array<ArrayBuffer> {
  const set = read(document)
  // Options that the files declare themselves are known only once the files are.
  return new Uint8Array(toBinary(FileDescriptorSetSchema, read(document, registryOf(set))))
}

function read(document: JsonObject, registry?: FileRegistry): FileDescriptorSet {
  const options = { ignoreUnknownFields: true, ...(registry === undefined ? {} : { registry }) }
  return fromJson(FileDescriptorSetSchema, document as JsonValue, options)
}

function registryOf(set: FileDescriptorSet): FileRegistry {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...set.file] }))
  // The library resolves methods when they are looked at.
  for (const file of registry.files) for (const service of file.services) for (const method of service.methods) void method.input
  return registry
}

/** The files of protobuf itself, by the path by which they are imported, in its JSON mapping. Made when first asked for. */
const known = new Map<string, JsonObject>()

/** A file of protobuf itself. */
export function wellKnownFile(path: string): JsonObject | undefined {
  if (known.size === 0)
    for (const file of Object.values(wellKnown).filter((value): value is DescFile => isFile(value)))
      known.set(`${file.name}.proto`, toJson(FileDescriptorProtoSchema, file.proto) as JsonObject)
  return known.get(path)
}

function isFile(value: unknown): value is DescFile {
  return isObject(value) && value['kind'] === 'file'
}
