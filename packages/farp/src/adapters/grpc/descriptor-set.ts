import { create, createFileRegistry, fromBinary, fromJson, toJson } from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { checkCost } from './budget.ts'
import { messageOf } from '../../text.ts'
import { SchemaError } from '../../schemas/parse.ts'
import { typesOf } from './types.ts'
import { violation } from '../../json.ts'
import type { FileDescriptorProto, FileDescriptorSet } from '@bufbuild/protobuf/wkt'
import type { JsonObject } from '../../json.ts'
import type { JsonValue, Registry } from '@bufbuild/protobuf'
import type { Limits } from '../../limits.ts'

const FILE = 1
const SOURCE_CODE_INFO = 9

/** A binary FileDescriptorSet in protobuf's JSON mapping, without source positions. Throws `SchemaError`. */
export function setFromBytes(bytes: Uint8Array, limits: Limits): JsonObject {
  const files: Uint8Array[] = []
  guarded(() => {
    const reader = new BinaryReader(bytes)
    while (reader.pos < bytes.length) {
      const [field, wireType] = reader.tag()
      if (field === FILE && wireType === WireType.LengthDelimited) files.push(reader.bytes())
      else if (wireType === WireType.StartGroup) throw new SchemaError('it contains a group, which descriptors do not have')
      else reader.skip(wireType, field)
    }
  })
  if (files.length === 0) throw new SchemaError('it has no files')
  return setFromFiles(files, limits)
}

/** The same for files that came one by one. */
export function setFromFiles(files: readonly Uint8Array[], limits: Limits): JsonObject {
  return plain(decodeFiles(files, limits), limits)
}

/** Binary FileDescriptorProtos as messages, without source positions. What they cost is taken from the budget. Throws `SchemaError`. */
export function decodeFiles(
  files: readonly Uint8Array[],
  limits: Limits,
  budget: { nodes: number } = { nodes: limits.nodes },
): FileDescriptorProto[] {
  if (files.length > limits.paths) throw new SchemaError(`it has ${files.length} files; the limit is ${limits.paths}`)
  return guarded(() => {
    const decoded = files.map((file) => {
      const bare = withoutSourceInfo(file)
      budget.nodes -= checkCost(bare, FileDescriptorProtoSchema, { depth: limits.depth, nodes: budget.nodes })
      return fromBinary(FileDescriptorProtoSchema, bare, { recursionLimit: limits.depth })
    })
    typesOf(decoded)
    return decoded
  })
}

/** A FileDescriptorSet in any spelling of protobuf's JSON mapping (`messageType` or `message_type`), in one. Throws `SchemaError`. */
export function setFromJson(value: JsonObject, limits: Limits): JsonObject {
  const read = (registry?: Registry): FileDescriptorSet =>
    fromJson(FileDescriptorSetSchema, value as JsonValue, { ignoreUnknownFields: true, ...(registry === undefined ? {} : { registry }) })
  const files = guarded(() => {
    const set = read()
    typesOf(set.file)
    const registry = registryOf(set.file)
    return (registry === undefined ? set : read(registry)).file
  })
  if (files.length > limits.paths) throw new SchemaError(`it has ${files.length} files; the limit is ${limits.paths}`)
  for (const file of files) delete file.sourceCodeInfo
  return plain(files, limits)
}

/** Decoded files in protobuf's JSON mapping. */
export function plain(files: readonly FileDescriptorProto[], limits: Limits): JsonObject {
  const registry = registryOf(files)
  const document = guarded(() => ({
    file: files.map((file) => toJson(FileDescriptorProtoSchema, file, registry === undefined ? {} : { registry })),
  }))
  const problem = violation(document, limits)
  if (problem !== undefined) throw new SchemaError(problem)
  return document
}

/**
 * What knows the options that the files themselves declare (`google.api.http`, when its file is among them): without it they would be dropped. None
 * when the files do not fit together, which routes do not need.
 */
function registryOf(files: readonly FileDescriptorProto[]): Registry | undefined {
  if (files.every(({ extension, messageType }) => extension.length === 0 && messageType.every((type) => type.extension.length === 0)))
    return undefined
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }))
  } catch {
    // It throws for files that do not link, and says so in that way alone.
    return undefined
  }
}

/** A file without the positions and comments of its source: as large as all the rest, and of no use here. */
function withoutSourceInfo(file: Uint8Array): Uint8Array {
  const reader = new BinaryReader(file)
  const kept: Uint8Array[] = []
  let start = 0
  while (reader.pos < file.length) {
    const at = reader.pos
    const [field, wireType] = reader.tag()
    if (wireType === WireType.StartGroup) throw new SchemaError('it contains a group, which descriptors do not have')
    reader.skip(wireType, field)
    if (field !== SOURCE_CODE_INFO) continue
    kept.push(file.subarray(start, at))
    start = reader.pos
  }
  return start === 0 ? file : new Uint8Array(Buffer.concat([...kept, file.subarray(start)]))
}

/** What the library throws is about the document. */
function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof SchemaError) throw thrown
    throw new SchemaError(`it is no FileDescriptorSet: ${messageOf(thrown).slice(0, 200)}`)
  }
}
