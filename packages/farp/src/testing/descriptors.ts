import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'

const STRING = 9
const MESSAGE = 11
const OPTIONAL = 1

/** `common.proto` with a message, and `notes.proto` with a service of all four kinds of methods. */
export function notesFiles(): FileDescriptorProto[] {
  const common = create(FileDescriptorProtoSchema, {
    name: 'common.proto',
    package: 'octopus.test.v1',
    syntax: 'proto3',
    messageType: [{ name: 'Author', field: [{ name: 'full_name', jsonName: 'fullName', number: 1, type: STRING, label: OPTIONAL }] }],
  })
  const notes = create(FileDescriptorProtoSchema, {
    name: 'notes.proto',
    package: 'octopus.test.v1',
    syntax: 'proto3',
    dependency: ['common.proto'],
    messageType: [
      {
        name: 'Note',
        field: [
          { name: 'text', jsonName: 'text', number: 1, type: STRING, label: OPTIONAL },
          { name: 'author', jsonName: 'author', number: 2, type: MESSAGE, label: OPTIONAL, typeName: '.octopus.test.v1.Author' },
        ],
      },
    ],
    service: [
      {
        name: 'Notes',
        method: (['Unary', 'ServerStream', 'ClientStream', 'Bidi'] as const).map((name) => ({
          name,
          inputType: '.octopus.test.v1.Note',
          outputType: '.octopus.test.v1.Note',
          ...(name === 'ClientStream' || name === 'Bidi' ? { clientStreaming: true } : {}),
          ...(name === 'ServerStream' || name === 'Bidi' ? { serverStreaming: true } : {}),
        })),
      },
    ],
    sourceCodeInfo: { location: [{ path: [6, 0], span: [1, 0, 9], leadingComments: 'Notes.' }] },
  })
  return [common, notes]
}

/** Files as a binary FileDescriptorSet. */
export function setBytes(files: readonly FileDescriptorProto[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files] }))
}
