import { createFileRegistry, fromBinary, fromJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { grpcAdapter } from '../../adapters/grpc/adapter.ts'
import { grpcBinary, mergeGrpc } from './merge.ts'
import { grpcService } from '../../testing/merging-rpc.ts'
import { LIMITS } from '../../limits.ts'
import { vectors } from '../../testing/vectors.ts'
import type { FileRegistry, JsonValue } from '@bufbuild/protobuf'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Merged } from '../merged.ts'

const text = (name: string, number = 1): JsonObject => ({ name, number, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', jsonName: name })
const message = (name: string, number: number, typeName: string): JsonObject => ({
  name,
  number,
  label: 'LABEL_OPTIONAL',
  type: 'TYPE_MESSAGE',
  typeName,
})
const call = (name: string, inputType: string, outputType: string): JsonObject => ({ name, inputType, outputType })

const common = (...more: JsonObject[]): JsonObject => ({
  name: 'common.proto',
  package: 'common',
  syntax: 'proto3',
  messageType: [{ name: 'Page', field: [text('token'), ...more], nestedType: [{ name: 'Cursor', field: [text('at')] }] }],
})
const serviceFile = (name: string, more: JsonObject = {}): JsonObject => ({
  name: `${name}.proto`,
  package: `${name}.v1`,
  syntax: 'proto3',
  dependency: ['common.proto', 'google/protobuf/timestamp.proto'],
  messageType: [
    {
      name: 'Item',
      field: [
        text('id'),
        message('page', 2, '.common.Page'),
        message('made', 3, '.google.protobuf.Timestamp'),
        message('cursor', 4, '.common.Page.Cursor'),
      ],
    },
  ],
  service: [{ name: 'Items', method: [call('Get', '.common.Page', `.${name}.v1.Item`)] }],
  ...more,
})

/** Merges, and lets the protobuf library link what comes out, in both forms. */
async function merge(...services: FederatedService[]): Promise<Merged & { readonly registry: FileRegistry }> {
  const merged = await mergeGrpc(services)
  const registry = createFileRegistry(fromJson(FileDescriptorSetSchema, merged.document as JsonValue))
  const binary = createFileRegistry(fromBinary(FileDescriptorSetSchema, await grpcBinary(merged.document)))
  expect([...binary].map(({ typeName }) => typeName).sort()).toEqual([...registry].map(({ typeName }) => typeName).sort())
  return { ...merged, registry }
}

const namesOf = ({ document }: Merged): unknown[] => (document['file'] as JsonObject[]).map((file) => file['name'])

describe('names stay', () => {
  test('files that services share are there once, and protobuf brings its own', async () => {
    const merged = await merge(
      grpcService('users', [common(), serviceFile('users')]),
      grpcService('orders', [common(), serviceFile('orders')]),
    )
    expect(namesOf(merged)).toEqual(['common.proto', 'google/protobuf/timestamp.proto', 'orders.proto', 'users.proto'])
    expect(merged.registry.getService('users.v1.Items')?.methods[0]?.output.typeName).toBe('users.v1.Item')
    expect(merged.conflicts).toEqual([])
    expect(merged.included).toEqual(['orders', 'users'])
  })

  test('equal definitions in different files are one, whatever the files are called', async () => {
    const moved = {
      ...common(),
      name: 'vendor/common.proto',
      messageType: [...(common()['messageType'] as JsonObject[]), { name: 'Extra' }],
    }
    const merged = await merge(
      grpcService('a', [common(), serviceFile('a')]),
      grpcService('b', [moved, serviceFile('b', { dependency: ['vendor/common.proto', 'google/protobuf/timestamp.proto'] })]),
    )
    expect(merged.conflicts).toEqual([])
    expect(merged.registry.getMessage('common.Extra')).toBeDefined()
    expect(namesOf(merged).filter((name) => String(name).includes('common'))).toEqual(['common.proto', 'vendor/common.proto'])
    const file = (merged.document['file'] as JsonObject[]).find(({ name }) => name === 'b.proto')!
    expect(file['dependency']).toEqual(['vendor/common.proto', 'google/protobuf/timestamp.proto', 'common.proto'])
  })

  test('files of one name that differ get a place below their service', async () => {
    const other = { ...common(), package: 'other', messageType: [{ name: 'Thing' }] }
    const merged = await merge(grpcService('a', [common(), serviceFile('a')]), grpcService('b', [other]))
    expect(namesOf(merged)).toContain('b/common.proto')
    expect(merged.registry.getMessage('other.Thing')).toBeDefined()
  })
})

describe('one name, two meanings', () => {
  test('the service that wins routes keeps it; the other is noted, and still refers to it', async () => {
    const merged = await merge(
      grpcService('a', [common(), serviceFile('a')]),
      grpcService('b', [common(text('more', 2)), serviceFile('b')], { priority: 60 }),
    )
    expect(merged.registry.getMessage('common.Page')?.fields.map(({ name }) => name)).toEqual(['token', 'more'])
    expect(merged.conflicts).toEqual([
      { type: 'grpc_message', item: 'common.Page', services: ['b', 'a'], resolution: 'Kept b version', strategy: 'skip' },
    ])
  })

  test('services as well', async () => {
    const second = serviceFile('a', { service: [{ name: 'Items', method: [call('List', '.common.Page', '.common.Page')] }] })
    const merged = await merge(grpcService('a', [common(), serviceFile('a')]), grpcService('b', [common(), second]))
    expect(merged.registry.getService('a.v1.Items')?.methods.map(({ name }) => name)).toEqual(['Get'])
    expect(merged.conflicts).toMatchObject([{ type: 'grpc_service', item: 'a.v1.Items', services: ['a', 'b'] }])
  })

  test('a service whose files then do not fit stays out, and takes nobody with it', async () => {
    const asEnum = { ...common(), messageType: [], enumType: [{ name: 'Page', value: [{ name: 'ZERO', number: 0 }] }] }
    const needsEnum = serviceFile('b', {
      messageType: [
        { name: 'Item', field: [{ name: 'p', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_ENUM', typeName: '.common.Page' }] },
      ],
      service: [],
    })
    const merged = await merge(
      grpcService('a', [common(), serviceFile('a')]),
      grpcService('b', [asEnum, needsEnum]),
      grpcService('c', [common(), serviceFile('c')]),
    )
    expect(merged.included).toEqual(['a', 'c'])
    expect(merged.excluded).toMatchObject([{ service: 'b', reason: expect.stringContaining('do not fit together') as string }])
    expect(merged.warnings).toHaveLength(1)
  })
})

test('types that are not there get an empty definition; imports that are not there go', async () => {
  const file = {
    name: 'x.proto',
    package: 'x',
    syntax: 'proto3',
    dependency: ['google/api/annotations.proto'],
    service: [{ name: 'S', method: [call('M', '.x.Gone', '.x.Gone')] }],
  }
  const merged = await merge(grpcService('a', [file]))
  expect(merged.registry.getMessage('x.Gone')?.fields).toEqual([])
  expect(merged.warnings).toEqual([
    'x.Gone is not defined by a; an empty definition stands for it',
    'a imports google/api/annotations.proto and does not bring it',
  ])
})

test('options that files declare themselves survive in the binary form', async () => {
  const files: JsonObject[] = [
    {
      name: 'opt.proto',
      package: 'opt',
      syntax: 'proto2',
      dependency: ['google/protobuf/descriptor.proto'],
      extension: [
        { name: 'path', number: 50001, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', extendee: '.google.protobuf.MethodOptions' },
      ],
    },
    {
      name: 's.proto',
      package: 's',
      syntax: 'proto3',
      dependency: ['opt.proto'],
      messageType: [{ name: 'M' }],
      service: [{ name: 'S', method: [{ ...call('Do', '.s.M', '.s.M'), options: { '[opt.path]': '/do' } }] }],
    },
  ]
  const merged = await mergeGrpc([grpcService('a', files)])
  expect(merged.excluded).toEqual([])
  expect(Buffer.from(await grpcBinary(merged.document)).includes('/do')).toBe(true)
})

test('the order of services does not matter; what is no descriptor set stays out', async () => {
  const services = [
    grpcService('a', [common(), serviceFile('a')]),
    grpcService('b', [common(text('x', 9)), serviceFile('b')]),
    { ...grpcService('c', []), document: {} },
  ]
  const [one, two] = [await mergeGrpc(services), await mergeGrpc(services.toReversed())]
  expect(JSON.stringify(one)).toBe(JSON.stringify(two))
  expect(one.excluded).toEqual([{ service: 'c', reason: 'it is no descriptor set' }])
})

test('[R38] names such as __proto__ are names', async () => {
  const hostile = {
    name: '__proto__',
    package: 'p',
    syntax: 'proto3',
    messageType: [{ name: 'constructor' }, { name: '__proto__', field: [message('toString', 1, '.p.constructor')] }],
  }
  const merged = await merge(grpcService('__proto__', [hostile]))
  expect(merged.registry.getMessage('p.__proto__')).toBeDefined()
  expect(merged.included).toEqual(['__proto__'])
})

test('vector merged-grpc-orpc, gRPC', async () => {
  const { grpc } = vectors<{ grpc: { input: JsonObject; gateway_expected: Record<string, string[]> } }>('merged-grpc-orpc')
  const { registry, warnings } = await merge(grpcService('user-service', grpcAdapter.check(grpc.input, LIMITS)['file'] as JsonObject[]))
  const of = (kind: string): string[] => [...registry].flatMap((desc) => (desc.kind === kind ? [desc.typeName] : [])).sort()
  expect({
    packages: [...registry.files].map(({ proto }) => proto.package),
    services: of('service'),
    messages: of('message'),
    enums: of('enum'),
    warnings,
  }).toEqual(grpc.gateway_expected)
})
