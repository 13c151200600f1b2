import { create, toJson } from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { DescriptorProtoSchema, FileDescriptorProtoSchema, FileDescriptorSetSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { grpcAdapter } from './adapter.ts'
import { LIMITS } from '../../limits.ts'
import { notesFiles, setBytes } from '../../testing/descriptors.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { AdaptedSchema } from '../adapter.ts'
import type { JsonObject } from '../../json.ts'
import type { Limits } from '../../limits.ts'

const read = (bytes: Uint8Array, limits: Limits = LIMITS): JsonObject => grpcAdapter.read(bytes, limits)
const adapt = (document: JsonObject, metadata: JsonObject = {}, limits: Limits = LIMITS): AdaptedSchema =>
  grpcAdapter.adapt(document, { limits, metadata, endpoint: undefined })
const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const setOf = (service: string, methods: readonly string[], scope = 'a.v1'): JsonObject => ({
  file: [{ name: 'a.proto', package: scope, service: [{ name: service, method: methods.map((name) => ({ name })) }] }],
})

test('a binary set, as bytes and as base64, and its JSON in both spellings are one document', () => {
  const files = notesFiles()
  const document = read(setBytes(files))
  expect(document).toEqual({
    file: files.map((file) => {
      const json = toJson(FileDescriptorProtoSchema, file) as Record<string, unknown>
      delete json['sourceCodeInfo']
      return json
    }),
  })
  expect(grpcAdapter.check(Buffer.from(setBytes(files)).toString('base64'), LIMITS)).toEqual(document)
  const json = toJson(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files })) as JsonObject
  const snake = JSON.parse(
    JSON.stringify(json).replaceAll(/"([a-z]+(?:[A-Z][a-z]*)+)":/g, (key) => key.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)),
  ) as JsonObject
  expect(JSON.stringify(snake)).toContain('"message_type"')
  for (const value of [json, snake]) {
    expect(read(utf8(value))).toEqual(document)
    expect(read(utf8(`\ufeff \n${JSON.stringify(value)}`))).toEqual(document)
    expect(grpcAdapter.check(value, LIMITS)).toEqual(document)
  }
})

test('a binary set whose first length is a brace is not taken for JSON', () => {
  for (const length of [0x7b, 0x20, 0x0a, 0x0d]) {
    const file = create(FileDescriptorProtoSchema, { name: 'x'.repeat(length - 2) })
    expect(read(setBytes([file]))).toEqual({ file: [{ name: 'x'.repeat(length - 2) }] })
  }
})

test('every method is a fixed POST; streaming and deprecation are carried', () => {
  const files = notesFiles()
  files[1]!.service[0]!.method[3]!.options = create(MethodOptionsSchema, { deprecated: true })
  const { operations, findings } = adapt(read(setBytes(files)))
  expect(findings).toEqual([])
  expect(operations.map(({ path, method, protocol, isFixed, operationId }) => [path, method, protocol, isFixed, operationId])).toEqual(
    ['Unary', 'ServerStream', 'ClientStream', 'Bidi'].map((name) => [
      `/octopus.test.v1.Notes/${name}`,
      'POST',
      'grpc',
      true,
      `octopus.test.v1.Notes.${name}`,
    ]),
  )
  expect(operations.map(({ extensions }) => extensions['x-grpc'])).toEqual(
    [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ].map(([clientStreaming, serverStreaming], index) => ({
      service: 'octopus.test.v1.Notes',
      method: ['Unary', 'ServerStream', 'ClientStream', 'Bidi'][index],
      clientStreaming,
      serverStreaming,
    })),
  )
  expect(operations.map(({ deprecated }) => deprecated)).toEqual([false, false, false, true])
})

test('the simple shape of the merger becomes a descriptor set', () => {
  const document = grpcAdapter.check(
    {
      syntax: 'proto3',
      package: 'shop.v1',
      services: {
        Orders: {
          methods: {
            Get: { input_type: 'GetRequest', output_type: 'Order' },
            Watch: { input_type: 'google.protobuf.Empty', output_type: '.shop.v1.Order', server_streaming: true },
          },
        },
      },
      messages: {
        Order: {
          fields: {
            id: { type: 'string', number: 1 },
            state: { type: 'State', number: 2 },
            lines: { type: 'Line', number: 3, repeated: true },
          },
        },
        GetRequest: {},
      },
      enums: { State: { values: { PAID: 1, OPEN: 0 } } },
    },
    LIMITS,
  )
  expect(document).toEqual({
    file: [
      {
        name: 'shop/v1.proto',
        package: 'shop.v1',
        messageType: [
          {
            name: 'Order',
            field: [
              { name: 'id', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING' },
              { name: 'state', number: 2, label: 'LABEL_OPTIONAL', type: 'TYPE_ENUM', typeName: '.shop.v1.State' },
              { name: 'lines', number: 3, label: 'LABEL_REPEATED', type: 'TYPE_MESSAGE', typeName: '.shop.v1.Line' },
            ],
          },
          { name: 'GetRequest' },
        ],
        enumType: [
          {
            name: 'State',
            value: [
              { name: 'OPEN', number: 0 },
              { name: 'PAID', number: 1 },
            ],
          },
        ],
        service: [
          {
            name: 'Orders',
            method: [
              { name: 'Get', inputType: '.shop.v1.GetRequest', outputType: '.shop.v1.Order' },
              { name: 'Watch', inputType: '.google.protobuf.Empty', outputType: '.shop.v1.Order', serverStreaming: true },
            ],
          },
        ],
        syntax: 'proto3',
      },
    ],
  })
  expect(adapt(document).operations.map(({ path }) => path)).toEqual(['/shop.v1.Orders/Get', '/shop.v1.Orders/Watch'])
})

test('options that the set itself declares are kept, whatever it is written in', () => {
  const MESSAGE = 11
  const STRING = 9
  const http = create(FileDescriptorProtoSchema, {
    name: 'http.proto',
    package: 'rules',
    syntax: 'proto3',
    dependency: ['google/protobuf/descriptor.proto'],
    messageType: [{ name: 'Http', field: [{ name: 'get', jsonName: 'get', number: 1, type: STRING, label: 1 }] }],
    extension: [
      {
        name: 'http',
        jsonName: 'http',
        number: 50_000,
        extendee: '.google.protobuf.MethodOptions',
        type: MESSAGE,
        typeName: '.rules.Http',
        label: 1,
      },
    ],
  })
  const option = new BinaryWriter().tag(50_000, 2).bytes(new BinaryWriter().tag(1, 2).string('/notes').finish()).finish()
  const files = notesFiles()
  const bytes = withRuledService(setBytes([DescriptorProtoSchema.file.proto, http, ...files]), option)
  const document = read(bytes)
  const method = (document['file'] as { service?: { method: { options?: unknown }[] }[] }[]).at(-1)!.service![0]!.method[0]!
  expect(method.options).toEqual({ '[rules.http]': { get: '/notes' } })
  expect(grpcAdapter.check(document, LIMITS)).toEqual(document)
})

test('reflection and health are never routed; metadata narrows the rest', () => {
  const document = {
    file: ['grpc.reflection.v1', 'grpc.reflection.v1alpha', 'grpc.health.v1', 'a.v1', 'b.v1', ''].map((scope, index) => ({
      name: `${index}.proto`,
      ...(scope === '' ? {} : { package: scope }),
      service: [{ name: 'S', method: [{ name: 'M' }] }],
    })),
  }
  const paths = (metadata: JsonObject): string[] => adapt(document, metadata).operations.map(({ path }) => path)
  expect(paths({})).toEqual(['/a.v1.S/M', '/b.v1.S/M', '/S/M'])
  expect(paths({ services: [], packages: null })).toEqual(['/a.v1.S/M', '/b.v1.S/M', '/S/M'])
  expect(paths({ services: ['b.v1.S'] })).toEqual(['/b.v1.S/M'])
  expect(paths({ services: ['S'], packages: ['a.v1'] })).toEqual(['/a.v1.S/M'])
  expect(paths({ services: ['grpc.health.v1.S'] })).toEqual([])
})

test('gRPC-Web is carried and said to be passed on as it is', () => {
  const { operations, findings } = adapt(setOf('S', ['M']), { grpc_web_enabled: true, grpc_web_protocol: 'grpc-web-text' })
  expect(operations[0]!.extensions['x-grpc']).toMatchObject({ web: 'grpc-web-text' })
  expect(findings.map(({ code }) => code)).toEqual(['NOT_SUPPORTED_YET'])
})

test('names that are none make no routes', () => {
  const names = ['', '..', 'a/b', '../admin', 'a b', '{x}', '*', 'M\n', 'ä', '__proto__']
  const { operations, findings } = adapt(setOf('S', names))
  expect(operations.map(({ path }) => path)).toEqual(['/a.v1.S/__proto__'])
  expect(findings).toHaveLength(names.length - 1)
  expect(adapt(setOf('S', ['M'], '/../x')).operations).toEqual([])
  expect(adapt(setOf('constructor', ['toString', 'toString'], '__proto__')).operations.map(({ path }) => path)).toEqual([
    '/__proto__.constructor/toString',
  ])
})

test('limits count files, services, methods, values and depth', () => {
  const limits = { ...LIMITS, paths: 3, operations: 4 }
  const files = (count: number): Uint8Array =>
    setBytes(Array.from({ length: count }, (_, index) => create(FileDescriptorProtoSchema, { name: `${index}.proto` })))
  expect(read(files(3), limits)).toBeDefined()
  expect(() => read(files(4), limits)).toThrow('it has 4 files; the limit is 3')
  expect(() => read(utf8(read(files(4))), limits)).toThrow('it has 4 files; the limit is 3')
  expect(() => adapt(setOf('S', ['A', 'B', 'C', 'D', 'E']), {}, limits)).toThrow('it has 5 methods; the limit is 4')
  const many = { file: [{ service: Array.from({ length: 4 }, (_, index) => ({ name: `S${index}` })) }] }
  expect(() => adapt(many, {}, limits)).toThrow('it has 4 services; the limit is 3')
})

test('[R38] a hostile set costs no more than it is long', () => {
  // Ten megabytes of empty messages would be gigabytes of objects.
  const empty = new Uint8Array(Buffer.alloc(5_000_000, Uint8Array.of(0x22, 0)))
  const file = new BinaryWriter().tag(1, 2).bytes(empty).finish()
  let nested: Uint8Array = new Uint8Array()
  for (let depth = 0; depth < 5_000; depth++) nested = new BinaryWriter().tag(3, 2).bytes(nested).finish()
  const deep = new BinaryWriter().tag(1, 2).bytes(new BinaryWriter().tag(4, 2).bytes(nested).finish()).finish()
  const files = new Uint8Array(Buffer.alloc(5_000_000, Uint8Array.of(0x0a, 0)))
  const group = new BinaryWriter().tag(1, 2).bytes(new Uint8Array(1_000_000).fill(0x0b)).finish()
  const beyond = new BinaryWriter()
    .tag(1, 2)
    .bytes(new Uint8Array([0x22, 0x7f]))
    .finish()
  const before = process.memoryUsage().heapUsed
  for (const bytes of [file, deep, files, group, beyond, new Uint8Array([0x0a]), new Uint8Array(), new Uint8Array([0xff, 0xff])])
    expect(() => read(bytes)).toThrow(SchemaError)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(400_000_000)
})

test('[R38] no bytes do more than be refused', () => {
  const bytes = setBytes(notesFiles())
  const mutated = fc.tuple(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(bytes.length))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (input) => {
      const hostile = input instanceof Uint8Array ? input : bytes.slice(0, input[1] || bytes.length)
      if (!(input instanceof Uint8Array)) for (const [at, value] of input[0]) if (at < hostile.length) hostile[at] = value
      try {
        for (const { path } of adapt(read(hostile)).operations) expect(path).toMatch(/^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/)
      } catch (thrown) {
        if (!(thrown instanceof SchemaError)) throw thrown
      }
    }),
    { numRuns: 1_000 },
  )
})

test('what is no set is refused with a reason', () => {
  const refused = (value: unknown): string => {
    try {
      grpcAdapter.check(value, LIMITS)
    } catch (thrown) {
      if (thrown instanceof SchemaError) return thrown.message
      throw thrown
    }
    return 'accepted'
  }
  expect(refused(null)).toBe('it is not an object')
  expect(refused([])).toBe('it is not an object')
  expect(refused({})).toContain('neither "file" nor "services"')
  expect(refused({ file: [{ name: 5 }] })).toContain('it is no FileDescriptorSet')
  expect(refused('not base64!')).toBe('it is a text, but not base64')
  expect(() => read(utf8('{"file":'))).toThrow('it is not JSON')
  expect(() => read(utf8('<html>'))).toThrow(SchemaError)
})

/** A set with one more service whose method has these option bytes: what the library has no type for cannot be made with it. */
function withRuledService(bytes: Uint8Array, option: Uint8Array): Uint8Array {
  const note = '.octopus.test.v1.Note'
  const method = new BinaryWriter().tag(1, 2).string('Unary').tag(2, 2).string(note).tag(3, 2).string(note).tag(4, 2).bytes(option).finish()
  const service = new BinaryWriter().tag(1, 2).string('Ruled').tag(2, 2).bytes(method).finish()
  const head = new BinaryWriter().tag(1, 2).string('ruled.proto').tag(2, 2).string('octopus.test.v1')
  const file = head.tag(3, 2).string('notes.proto').tag(3, 2).string('http.proto').tag(6, 2).bytes(service).tag(12, 2).string('proto3')
  return Buffer.concat([bytes, new BinaryWriter().tag(1, 2).bytes(file.finish()).finish()])
}
