import { expect, test } from 'vitest'
import { mergeOrpc } from './orpc.ts'
import { orpcService } from '../testing/merging-rpc.ts'
import { refsOf } from '../testing/merging.ts'
import { resolvePointer } from '../adapters/pointers.ts'
import { vectors } from '../testing/vectors.ts'
import type { FederatedService } from './input.ts'
import type { JsonObject } from '../json.ts'

interface Document {
  readonly procedures: Readonly<Record<string, JsonObject>>
  readonly schemas: Readonly<Record<string, JsonObject>>
  readonly securitySchemes: Readonly<Record<string, JsonObject>>
}

function merge(...services: FederatedService[]): Document {
  const document = JSON.parse(JSON.stringify(mergeOrpc(services).document)) as Document & JsonObject
  for (const ref of refsOf(document)) expect(resolvePointer(document, ref), ref).toBeDefined()
  return document
}

const user = { $ref: '#/schemas/User' }
const users: JsonObject = {
  procedures: {
    get: {
      summary: 's',
      input: { type: 'object', properties: { id: { type: 'string' } } },
      output: user,
      'x-own': 1,
      security: [{ key: [] }],
    },
    'list.all': {
      streaming: true,
      output: { type: 'array', items: { $ref: '#/components/schemas/User' }, default: [{ $ref: 'data' }] },
      errors: { GONE: { status: 410, data: user }, BAD: { type: 'object', properties: { user } } },
    },
    lost: { output: { $ref: '#/schemas/Nowhere' } },
  },
  schemas: { User: { type: 'object', properties: { boss: user } } },
  securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'k' } },
  transport: { protocol: 'http', endpoint: '/rpc', encoding: 'json' },
}

test('everything of a procedure stays, and references follow', () => {
  const { procedures, schemas } = merge(orpcService('users', users))
  const renamed = { $ref: '#/schemas/users_User' }
  expect(procedures['users.get']).toEqual({
    name: 'get',
    summary: 's',
    input: { type: 'object', properties: { id: { type: 'string' } } },
    output: renamed,
    'x-own': 1,
    security: [{ key: [] }],
    transport: { protocol: 'http', encoding: 'json', endpoint: '/users/rpc/get', methods: ['POST'] },
  })
  expect(procedures['users.list.all']).toMatchObject({
    streaming: true,
    output: { items: renamed, default: [{ $ref: 'data' }] },
    errors: { GONE: { status: 410, data: renamed }, BAD: { properties: { user: renamed } } },
  })
  expect(schemas['users_User']).toEqual({ type: 'object', properties: { boss: renamed } })
  expect(schemas['users_Nowhere']).toEqual({ description: 'Not defined by the service.' })
})

test('security schemes keep their names until they differ, and requirements follow', () => {
  const other = { ...users, securitySchemes: { key: { type: 'http', scheme: 'basic' } } }
  const { procedures, securitySchemes } = merge(orpcService('a', users), orpcService('b', other))
  expect(Object.keys(securitySchemes).sort()).toEqual(['b_key', 'key'])
  expect(procedures['a.get']!['security']).toEqual([{ key: [] }])
  expect(procedures['b.get']!['security']).toEqual([{ b_key: [] }])
})

test('only what is routed; the winner of a path is the one shown; order does not matter', () => {
  const services = [orpcService('a', users, { prefix: '' }), orpcService('b', users, { prefix: '', priority: 60 })]
  const { document, conflicts, warnings } = mergeOrpc(services)
  expect(Object.keys(document['procedures'] as object).every((name) => name.startsWith('b.'))).toBe(true)
  expect(conflicts).toHaveLength(3)
  expect(conflicts[0]).toMatchObject({ type: 'orpc_procedure', services: ['b', 'a'] })
  expect(warnings).toEqual(['a: 3 of 3 procedures are not routed and not shown'])
  expect(JSON.stringify(mergeOrpc(services.toReversed()))).toBe(JSON.stringify(mergeOrpc(services)))
})

test('[R38] names such as __proto__ are names', () => {
  const document = JSON.parse(
    '{"procedures":{"__proto__":{"output":{"$ref":"#/schemas/__proto__"}}},"schemas":{"__proto__":{"type":"null"}}}',
  ) as JsonObject
  const { procedures, schemas } = merge(orpcService('a', document))
  expect(procedures['a.__proto__']).toMatchObject({ output: { $ref: '#/schemas/a___proto__' } })
  expect(Object.keys(schemas)).toEqual(['a___proto__'])
})

test('vector merged-grpc-orpc, oRPC', () => {
  const { orpc } = vectors<{ orpc: { input: JsonObject; merged: Document; gateway_expected: Document } }>('merged-grpc-orpc')
  const merged = merge(orpcService('user-service', orpc.input))
  expect(merged).toEqual(orpc.gateway_expected)
  // Names are the reference's.
  expect(Object.keys(merged.procedures)).toEqual(Object.keys(orpc.merged.procedures))
  expect(merged.schemas).toEqual(orpc.merged.schemas)
})
