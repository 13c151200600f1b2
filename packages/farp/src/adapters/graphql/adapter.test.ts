import { buildSchema, introspectionFromSchema, printSchema } from 'graphql'
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { graphqlAdapter } from './adapter.ts'
import { LIMITS } from '../../limits.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { AdaptedSchema } from '../adapter.ts'
import type { JsonObject } from '../../json.ts'

const SDL = `"""Books and who wrote them."""
type Query {
  book(id: ID!, edition: Int = 1): Book
}

type Book {
  title: String! @deprecated(reason: "use name")
  related: [[Book!]!]
}

type Subscription {
  added: Book
}
`
const read = (text: string): JsonObject => graphqlAdapter.read(new TextEncoder().encode(text), LIMITS)
const check = (value: unknown): JsonObject => graphqlAdapter.check(value, LIMITS)
const adapt = (metadata: JsonObject, endpoint?: string): AdaptedSchema =>
  graphqlAdapter.adapt({ format: 'SDL', sdl: SDL }, { limits: LIMITS, metadata, endpoint })

test('schema language, bare or wrapped, is one document', () => {
  expect(read(SDL)).toEqual({ format: 'SDL', sdl: SDL })
  expect(check(SDL)).toEqual({ format: 'SDL', sdl: SDL })
  expect(read(`# a comment first\n${SDL}`)).toMatchObject({ format: 'SDL' })
  expect(read('"one line" type Query { a: Int }')).toMatchObject({ format: 'SDL' })
  for (const value of [
    { format: 'SDL', sdl: SDL },
    { sdl: SDL, spec_version: '' },
  ]) {
    expect(check(value)).toEqual({ format: 'SDL', sdl: SDL })
    expect(read(JSON.stringify(value))).toEqual({ format: 'SDL', sdl: SDL })
  }
  expect(check({ format: 'SDL', sdl: SDL, spec_version: '2021' })).toEqual({ format: 'SDL', sdl: SDL, spec_version: '2021' })
  expect(read(JSON.stringify(SDL))).toEqual({ format: 'SDL', sdl: SDL })
})

test('introspection, in every wrapping, becomes schema language', () => {
  const result = introspectionFromSchema(buildSchema(SDL)) as unknown as JsonObject
  const sdl = printSchema(buildSchema(SDL))
  for (const value of [result, { data: result }, { data: result, errors: [] }, { format: 'introspection', data: result }]) {
    expect(check(value)).toEqual({ format: 'SDL', sdl })
    expect(read(JSON.stringify(value))).toEqual({ format: 'SDL', sdl })
  }
})

test('the minimal introspection that peers write by hand is completed', () => {
  const { sdl } = check({
    format: 'introspection',
    spec_version: '2021',
    data: {
      __schema: {
        queryType: { name: 'Query' },
        mutationType: null,
        types: [
          {
            kind: 'OBJECT',
            name: 'Query',
            fields: [{ name: 'version', type: { kind: 'NON_NULL', name: null, ofType: { kind: 'SCALAR', name: 'String' } } }],
          },
        ],
      },
    },
  }) as { sdl: string }
  expect(sdl).toBe('type Query {\n  version: String!\n}')
})

test('a federation subgraph refers to what it does not define', () => {
  const sdl =
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0")\nextend type Query { me: User }\ntype User @key(fields: "id") { id: ID! @shareable }'
  expect(check({ sdl })).toEqual({ format: 'SDL', sdl })
})

test('one path, POST and GET', () => {
  const { operations, findings } = adapt({})
  expect(findings).toEqual([])
  expect(operations.map(({ method, path, pattern, protocol, isFixed }) => [method, path, pattern, protocol, isFixed])).toEqual([
    ['POST', '/graphql', '/graphql', 'graphql', false],
    ['GET', '/graphql', '/graphql', 'graphql', false],
  ])
  expect(operations[0]!.extensions['x-graphql']).toEqual({ subscriptions: false })
  for (const [endpoint, path] of [
    ['/api/graph', '/api/graph'],
    ['graph', '/graph'],
    ['http://books:8080/graph?x=1', '/graph'],
    ['/graph?x=1', '/graph'],
  ] as const)
    expect(
      adapt({}, endpoint).operations.map((operation) => operation.path),
      endpoint,
    ).toEqual([path, path])
})

test('an endpoint that would leave its mount makes no route', () => {
  for (const endpoint of ['/../admin', '/a//b', '/%2e%2e/x', '/a\\b', '/a%2fb']) {
    const { operations, findings } = adapt({}, endpoint)
    expect(operations, endpoint).toEqual([])
    expect(findings.map(({ code }) => code)).toEqual(['PATH_SKIPPED'])
  }
})

test('subscriptions and limits are carried; that limits are not enforced is said', () => {
  const { operations, findings } = adapt({
    subscriptions_enabled: true,
    subscription_protocol: 'graphql-transport-ws',
    depth_limit: 7,
    complexity_limit: 100,
  })
  expect(operations[1]!.extensions['x-graphql']).toEqual({
    subscriptions: true,
    subscriptionProtocol: 'graphql-transport-ws',
    depthLimit: 7,
    complexityLimit: 100,
  })
  expect(findings).toMatchObject([{ code: 'NOT_SUPPORTED_YET', severity: 'warning' }])
  // A peer written in Go says "no limit" with a zero.
  expect(adapt({ depth_limit: 0, complexity_limit: 0, subscriptions_enabled: false }).findings).toEqual([])
})

test('what is no schema is refused with a reason', () => {
  const refused = (value: unknown): string => {
    try {
      check(value)
    } catch (thrown) {
      if (thrown instanceof SchemaError) return thrown.message
      throw thrown
    }
    return 'accepted'
  }
  expect(refused(null)).toBe('it is neither a text nor an object')
  expect(refused({ format: 'SDL' })).toBe('it has neither "sdl" nor "__schema"')
  expect(refused('')).toContain('not GraphQL schema language')
  expect(refused('<!doctype html>')).toContain('not GraphQL schema language')
  expect(refused('query { a }')).toContain('an operation or a fragment')
  expect(refused({ data: { __schema: {} } })).toContain('not GraphQL schema language')
  expect(refused({ __schema: { queryType: { name: 'Q' }, types: [{ kind: 'OBJECT', name: 'a b' }] } })).toContain('incomplete')
  expect(() => read('{"sdl":')).toThrow('it is not JSON')
  expect(() => graphqlAdapter.read(new Uint8Array([0xff]), LIMITS)).toThrow('it is not UTF-8')
})

test('[R38] hostile documents are refused, quickly', () => {
  const deep = 200_000
  const start = performance.now()
  const list = (depth: number): unknown =>
    Array.from({ length: depth }).reduce<unknown>((inner) => ({ kind: 'LIST', ofType: inner }), { kind: 'SCALAR', name: 'Int' })
  const withDefault = (value: string): JsonObject => ({
    __schema: {
      queryType: { name: 'Q' },
      types: [
        {
          kind: 'OBJECT',
          name: 'Q',
          fields: [
            {
              name: 'a',
              type: { kind: 'SCALAR', name: 'Int' },
              args: [{ name: 'x', type: { kind: 'SCALAR', name: 'Int' }, defaultValue: value }],
            },
          ],
        },
      ],
    },
  })
  for (const value of [
    `type Query { a: ${'['.repeat(deep)}Int${']'.repeat(deep)} }`,
    `type Query { a(b: I = ${'{a:'.repeat(deep)} }`,
    `type Query {${' a: Int'.repeat(250_000)} }`,
    '{'.repeat(deep),
    withDefault('['.repeat(deep)),
    withDefault(`"${'\\u'.repeat(10)}`),
    { __schema: list(100) },
    { __schema: { queryType: { name: 'Q' }, types: [{ kind: 'OBJECT', name: 'Q', fields: [{ name: '__proto__', type: list(70) }] }] } },
  ])
    expect(() => check(value)).toThrow(SchemaError)
  expect(performance.now() - start).toBeLessThan(3_000)
})

test('[R38] no text does more than be refused', () => {
  const result = JSON.stringify(introspectionFromSchema(buildSchema(SDL)))
  const pieces = fc.constantFrom(
    'type',
    'extend',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '"""',
    '"',
    'Query',
    '__proto__',
    ':',
    '@key',
    '=',
    '!',
    '#',
    '\n',
    '0x',
    '\u0000',
  )
  const cut = fc.tuple(fc.constantFrom(SDL, result), fc.nat(), fc.array(pieces, { maxLength: 5 })).map(([text, at, more]) => {
    const place = at % text.length
    return text.slice(0, place) + more.join(' ') + text.slice(place + (at % 7))
  })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 40 }).map((list) => list.join(' ')),
        cut,
        fc.string(),
      ),
      (text) => {
        try {
          expect(typeof read(text)['sdl']).toBe('string')
        } catch (thrown) {
          if (!(thrown instanceof SchemaError)) throw thrown
        }
      },
    ),
    { numRuns: 1_000 },
  )
})
