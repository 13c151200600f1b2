import { buildSchema, parse, printSchema } from 'graphql'
import { expect, test } from 'vitest'
import { mergeGraphql } from './merge.ts'
import { plainService } from '../../testing/merging-rpc.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'

const schema = (name: string, sdl: string, metadata: JsonObject = {}): FederatedService =>
  plainService(name, 'graphql', {
    document: { format: 'SDL', sdl },
    metadata,
    operations: ['GET', 'POST'].map((method) => ({
      method,
      path: '/graphql',
      mounted: `/${name}/graphql`,
      key: `/${name}/graphql`,
      host: undefined,
    })),
  })

const users = `
# who is there
schema { query: RootQuery }
"""All questions."""
type RootQuery implements Node @deprecatedType {
  "one" user(id: ID!): User # by id
  health: String
  id: ID
}
directive @deprecatedType on OBJECT
interface Node { id: ID }
type User implements Node { id: ID name: String }
enum Role { ADMIN }
scalar Date
`
const orders = `
type Query { order: Order health: Int }
type Mutation { buy: Order }
type Order { id: ID user: User }
type User { id: ID name: String! }
enum Role { ADMIN }
scalar Date
union Any = Order | User
extend union Any = Money
type Money { amount: Int }
extend type User { orders: [Order] id: ID }
`

test('one text under the names of its services, which a GraphQL library builds a schema from', async () => {
  const { document, conflicts, included } = await mergeGraphql([schema('orders', orders), schema('users', users)])
  const sdl = document['sdl'] as string
  expect(sdl.match(/^# From service: .*$/gm)).toEqual(['# From service: orders', '# From service: users'])
  const built = printSchema(buildSchema(sdl))
  expect(Object.keys(buildSchema(sdl).getQueryType()!.getFields())).toEqual(['order', 'health', 'user', 'id'])
  expect(built).toContain('orders: [Order]')
  expect(sdl).toContain('# by id')
  expect(sdl).toContain('# who is there')
  expect(sdl).toContain('# Role: as above')
  expect(conflicts.map(({ type, item, services }) => [type, item, ...services])).toEqual([
    ['graphql_type', 'Query.health', 'orders', 'users'],
    ['graphql_type', 'User', 'orders', 'users'],
  ])
  expect(included).toEqual(['orders', 'users'])
})

test('each service as it is, with what it says of federation', async () => {
  const federation = { version: 'v2', subgraph_name: 'users', entities: [{ type_name: 'User', key_fields: ['id'] }] }
  const sdl =
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"])\ntype User @key(fields: "id") { id: ID! }\nextend type Query { me: User }'
  const { document } = await mergeGraphql([schema('users', sdl, { graphql: { federation } }), schema('orders', orders)])
  expect(document['services']).toEqual([
    { name: 'orders', version: '1.0.0', paths: ['/orders/graphql'], sdl: orders },
    { name: 'users', version: '1.0.0', paths: ['/users/graphql'], sdl, federation },
  ])
  expect(parse(document['sdl'] as string).definitions.length).toBeGreaterThan(3)
})

test('extensions of what nobody defines become definitions', async () => {
  const { document } = await mergeGraphql([
    schema('a', 'extend type Query { a: Int }\nextend type Thing { x: Int }'),
    schema('b', 'extend type Query { b: Int }\nextend type Thing { y: Int x: Int }'),
  ])
  const built = buildSchema(document['sdl'] as string)
  expect(printSchema(built)).toContain('type Thing {\n  x: Int\n  y: Int\n}')
})

test('a name cannot leave its comment; a text that is none stays out; the order does not matter', async () => {
  const odd = schema('a\ntype Evil { x: Int }', 'type Query { a: Int }')
  const services = [odd, schema('bad', 'query { x }}'), schema('b', orders)]
  const merged = await mergeGraphql(services)
  expect(merged.document['sdl']).not.toMatch(/^type Evil/m)
  expect(merged.excluded.map(({ service }) => service)).toEqual(['bad'])
  expect(merged.warnings).toEqual(['the document of bad is left out: it is no schema language'])
  expect(JSON.stringify(await mergeGraphql(services.toReversed()))).toBe(JSON.stringify(merged))
})

test('[R38] types called __proto__ or constructor are types', async () => {
  const { document } = await mergeGraphql([
    schema('a', 'type Query { constructor: toString }\ntype toString { valueOf: Int }'),
    schema('b', 'type constructor { hasOwnProperty: Int }'),
  ])
  expect(buildSchema(document['sdl'] as string).getType('constructor')).toBeDefined()
})
