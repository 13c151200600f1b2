import { describe, expect, test } from 'vitest'
import { compared } from '../testing/contracts.ts'
import { compareContracts } from './compare.ts'

type Row = readonly [rule: string, previous: object | string, next: object | string, changes: readonly string[]]

describe('protobuf', () => {
  const field = (name: string, number: number, more = {}) => ({ name, number, type: 'TYPE_STRING', label: 'LABEL_OPTIONAL', ...more })
  const method = (more = {}) => ({ name: 'Get', inputType: '.shop.Ask', outputType: '.shop.Answer', ...more })
  const set = ({
    ask = {},
    answer = {},
    methods = [method()],
    file = {},
  }: {
    ask?: object
    answer?: object
    methods?: object[]
    file?: object
  }) => ({
    file: [
      {
        name: 'shop.proto',
        package: 'shop',
        syntax: 'proto3',
        messageType: [
          { name: 'Ask', field: [field('id', 1)], ...ask },
          { name: 'Answer', field: [field('name', 1)], ...answer },
        ],
        service: [{ name: 'Users', method: methods }],
        ...file,
      },
    ],
  })
  const same = set({})
  const of = (type: string, typeName?: string) => ({ type, ...(typeName === undefined ? {} : { typeName }) })
  const level = (values: object[], more = {}) => ({ enumType: [{ name: 'Level', value: values, ...more }] })
  const withLevel = (values: object[], more = {}) =>
    set({ answer: { field: [field('level', 1, of('TYPE_ENUM', '.shop.Level'))] }, file: level(values, more) })
  test.each<Row>([
    ['a service is gone', same, set({ file: { service: [] } }), ['breaking endpoint_removed']],
    ['a package changed', same, set({ file: { package: 'shop.v2' } }), ['breaking endpoint_removed', 'safe endpoint_added']],
    ['a method is gone', set({ methods: [method(), method({ name: 'Old' })] }), same, ['breaking method_removed']],
    ['a method is new', same, set({ methods: [method(), method({ name: 'New' })] }), ['safe method_added']],
    ['another input', same, set({ methods: [method({ inputType: '.shop.Answer' })] }), ['breaking endpoint_changed']],
    ['a stream', same, set({ methods: [method({ serverStreaming: true })] }), ['breaking endpoint_changed']],
    ['a field is new', same, set({ ask: { field: [field('id', 1), field('more', 2)] } }), ['safe field_added']],
    ['a field is gone', same, set({ ask: { field: [] } }), ['breaking field_removed']],
    [
      'a field is gone, its number reserved',
      same,
      set({ ask: { field: [], reservedRange: [{ start: 1, end: 2 }] } }),
      ['safe field_removed'],
    ],
    [
      'a range that ends before the number',
      same,
      set({ ask: { field: [], reservedRange: [{ start: 0, end: 1 }] } }),
      ['breaking field_removed'],
    ],
    [
      'a field of the answer is gone, its number reserved',
      same,
      set({ answer: { field: [], reservedRange: [{ start: 1, end: 2 }] } }),
      ['unknown field_removed'],
    ],
    [
      'a reserved number comes back',
      set({ ask: { field: [], reservedRange: [{ start: 1, end: 2 }] } }),
      same,
      ['breaking field_type_changed', 'safe field_added'],
    ],
    ['another number', same, set({ ask: { field: [field('id', 7)] } }), ['breaking field_type_changed']],
    [
      'two fields change numbers',
      set({ ask: { field: [field('a', 1), field('b', 2)] } }),
      set({ ask: { field: [field('a', 2), field('b', 1)] } }),
      ['unknown endpoint_changed', 'unknown endpoint_changed'],
    ],
    ['another name', same, set({ ask: { field: [field('key', 1)] } }), ['unknown endpoint_changed']],
    ['another type', same, set({ ask: { field: [field('id', 1, of('TYPE_INT32'))] } }), ['breaking field_type_changed']],
    ['a type that reads the same bytes', same, set({ ask: { field: [field('id', 1, of('TYPE_BYTES'))] } }), ['unknown field_type_changed']],
    ['repeated', same, set({ ask: { field: [field('id', 1, { label: 'LABEL_REPEATED' })] } }), ['breaking field_type_changed']],
    ['required', same, set({ ask: { field: [field('id', 1, { label: 'LABEL_REQUIRED' })] } }), ['breaking field_required']],
    [
      'in a oneof',
      same,
      set({ ask: { field: [field('id', 1, { oneofIndex: 0 })], oneofDecl: [{ name: 'choice' }] } }),
      ['breaking field_type_changed'],
    ],
    [
      'optional in proto3 is no oneof',
      same,
      set({ ask: { field: [field('id', 1, { oneofIndex: 0, proto3Optional: true })], oneofDecl: [{ name: '_id' }] } }),
      [],
    ],
    [
      'a value is gone',
      withLevel([
        { name: 'A', number: 0 },
        { name: 'B', number: 1 },
      ]),
      withLevel([{ name: 'A', number: 0 }]),
      ['breaking enum_value_removed'],
    ],
    [
      'a value is gone, its number reserved',
      withLevel([
        { name: 'A', number: 0 },
        { name: 'B', number: 1 },
      ]),
      withLevel([{ name: 'A', number: 0 }], { reservedRange: [{ start: 1, end: 1 }] }),
      ['safe enum_value_removed'],
    ],
    [
      'a value has another number',
      withLevel([
        { name: 'A', number: 0 },
        { name: 'B', number: 1 },
      ]),
      withLevel([
        { name: 'A', number: 0 },
        { name: 'B', number: 2 },
      ]),
      ['breaking enum_value_removed'],
    ],
    [
      'a value is new',
      withLevel([{ name: 'A', number: 0 }]),
      withLevel([
        { name: 'A', number: 0 },
        { name: 'B', number: 1 },
      ]),
      ['unknown enum_value_added'],
    ],
    ['no descriptor set', { package: 'shop' }, { package: 'shop', services: {} }, ['unknown not_judged']],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('grpc', previous as never, next as never)).toEqual(changes)
  })

  test('messages that no method reaches do not count, circles end, and one that several methods reach is found for each', async () => {
    const node = (type: object) => ({ name: 'Node', field: [field('next', 1, of('TYPE_MESSAGE', '.shop.Node')), field('value', 2, type)] })
    const make = (type: object, unused: object[]) => {
      const made = set({
        answer: { field: [field('node', 1, of('TYPE_MESSAGE', '.shop.Node'))] },
        methods: [method(), method({ name: 'List' })],
      })
      made.file[0]!.messageType.push(node(type) as never, { name: 'Unused', field: unused } as never)
      return made
    }
    const diff = await compareContracts('grpc', make({}, [field('a', 1)]), make(of('TYPE_BOOL'), []))
    expect(diff.changes).toMatchObject([
      { type: 'field_type_changed', path: 'shop.Node.value', operations: ['shop.Users/Get', 'shop.Users/List'] },
    ])
  })
})

describe('GraphQL', () => {
  const base = 'type Query { user(id: ID!): User } type User { name: String! level: Level } enum Level { A B }'
  test.each<Row>([
    ['a field is gone', base, base.replace('name: String! ', ''), ['breaking field_removed']],
    ['a field may be null', base, base.replace('name: String!', 'name: String'), ['breaking field_type_changed']],
    ['a required argument is new', base, base.replace('id: ID!', 'id: ID!, at: Int!'), ['breaking field_required']],
    ['an optional argument is new', base, base.replace('id: ID!', 'id: ID!, at: Int'), ['safe field_added']],
    ['a value is gone', base, base.replace('A B', 'A'), ['breaking enum_value_removed']],
    ['a value is new', base, base.replace('A B', 'A B C'), ['unknown enum_value_added']],
    ['a query is new', base, base.replace('user(', 'me: User user('), ['safe method_added']],
    ['a query is deprecated', base, base.replace('): User', '): User @deprecated'), ['safe deprecated']],
    ['no SDL', base, 'type Query { user: Nowhere }', ['unknown not_judged']],
    ['too long to read', base, `type Query { ${'a: Int '.repeat(80_000)}}`, ['unknown not_judged']],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('graphql', { format: 'SDL', sdl: previous }, { format: 'SDL', sdl: next })).toEqual(changes)
  })

  test('coordinates say what it is about', async () => {
    const diff = await compareContracts('graphql', { sdl: base }, { sdl: base.replace('name: String! ', '').replace('A B', 'A') })
    expect(diff.changes.map(({ path }) => path)).toEqual(['Level', 'User.name'])
    expect(diff.affected).toBe('all')
  })
})

describe('oRPC', () => {
  const text = { type: 'string' }
  const rpc = (procedures: object, more = {}) => ({ orpc: '1.0.0', procedures, ...more })
  const shape = (schema: object) => ({ type: 'object', properties: { a: schema } })
  test.each<Row>([
    ['a procedure is gone', rpc({ a: {}, b: {} }), rpc({ a: {} }), ['breaking method_removed']],
    ['a procedure is new', rpc({ a: {} }), rpc({ a: {}, b: {} }), ['safe endpoint_added']],
    [
      'input: less is taken',
      rpc({ a: { input: shape({ type: 'number' }) } }),
      rpc({ a: { input: shape({ type: 'integer' }) } }),
      ['breaking field_type_changed'],
    ],
    [
      'output: less is given',
      rpc({ a: { output: shape({ type: 'number' }) } }),
      rpc({ a: { output: shape({ type: 'integer' }) } }),
      ['safe field_type_changed'],
    ],
    ['it streams now', rpc({ a: {} }), rpc({ a: { streaming: true } }), ['breaking endpoint_changed']],
    ['batches end', rpc({ a: { batch: true } }), rpc({ a: {} }), ['breaking endpoint_changed']],
    ['another endpoint', rpc({}), rpc({}, { transport: { endpoint: '/api' } }), ['breaking endpoint_changed']],
    [
      'schemas behind references',
      rpc({ a: { input: { $ref: '#/schemas/T' } } }, { schemas: { T: text } }),
      rpc({ a: { input: { $ref: '#/schemas/T' } } }, { schemas: { T: { type: 'number' } } }),
      ['breaking field_type_changed'],
    ],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('orpc', previous as never, next as never)).toEqual(changes)
  })
})

test('other languages are equal, or unknown', async () => {
  expect(await compared('avro', { a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([])
  expect(await compared('thrift', { a: 1 }, { a: 2 })).toEqual(['unknown not_judged'])
})
