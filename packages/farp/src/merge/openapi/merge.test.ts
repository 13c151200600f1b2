import { describe, expect, test } from 'vitest'
import { merge, ok, service } from '../../testing/merging.ts'
import { mergeOpenApi } from './merge.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Merged } from '../../testing/merging.ts'

test('the worked example', async () => {
  const users = service('user-service', {
    paths: { '/users': { get: { operationId: 'getUsers', tags: ['users'], responses: ok } } },
    components: { schemas: { User: { type: 'object' } }, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    tags: [{ name: 'users', description: 'User ops' }],
  })
  const orders = service('order-service', {
    paths: { '/orders': { get: { operationId: 'getOrders', tags: ['orders'], responses: ok } } },
    components: { schemas: { Order: { type: 'object' } } },
  })
  const merged = await merge(users, orders)
  expect(merged.openapi).toBe('3.1.0')
  expect(Object.keys(merged.paths)).toEqual(['/order-service/orders', '/user-service/users'])
  expect(merged.paths['/user-service/users']!['get']).toMatchObject({ operationId: 'user-service_getUsers', tags: ['user-service_users'] })
  expect(Object.keys(merged.components['schemas']!)).toEqual(['order-service_Order', 'user-service_User'])
  expect(Object.keys(merged.components['securitySchemes']!)).toEqual(['bearer'])
  expect(merged.tags).toEqual([{ name: 'user-service_users', description: 'User ops' }])
})

test('prefixes of the composition; services that want to stay out do', async () => {
  const composition = {
    include: true,
    componentPrefix: 'user_svc',
    tagPrefix: 'Users',
    operationIdPrefix: 'UserAPI',
    conflictStrategy: undefined,
    preserveExtensions: true,
    customServers: [{ url: 'https://api.example.com' }],
  }
  const document = {
    paths: { '/users': { get: { operationId: 'getUsers', tags: ['users'], responses: ok } } },
    components: { schemas: { User: {} } },
    tags: [{ name: 'users' }],
    'x-team': 'a',
  }
  const merged = await merge(
    service('user-service', document, { composition }),
    service('hidden', document, { composition: { ...composition, include: false } }),
  )
  expect(Object.keys(merged.paths)).toEqual(['/user-service/users'])
  expect(merged.paths['/user-service/users']!['get']).toMatchObject({
    operationId: 'UserAPI_getUsers',
    tags: ['Users_users'],
    servers: [{ url: 'https://api.example.com' }],
  })
  expect(Object.keys(merged.components['schemas']!)).toEqual(['user_svc_User'])
  expect(merged).toHaveProperty('x-team', 'a')
})

test('security: schemes keep their names until they differ, requirements follow, document security is written out', async () => {
  const bearer = { type: 'http', scheme: 'bearer' }
  const basic = { type: 'http', scheme: 'basic' }
  const paths = {
    '/x': {
      get: { responses: ok },
      post: { security: [], responses: ok },
      put: { security: [{ auth: ['w'], other: [] }, {}], responses: ok },
    },
  }
  const make = (name: string, auth: JsonObject): FederatedService =>
    service(name, { paths, security: [{ auth: [] }], components: { securitySchemes: { auth, other: bearer } } })
  const merged = await merge(make('a', bearer), make('b', basic), make('c', { ...bearer }))
  expect(Object.keys(merged.components['securitySchemes']!).sort()).toEqual(['auth', 'b_auth', 'other'])
  expect(merged.paths['/a/x']!['get']!.security).toEqual([{ auth: [] }])
  expect(merged.paths['/c/x']!['get']!.security).toEqual([{ auth: [] }])
  expect(merged.paths['/b/x']!['get']!.security).toEqual([{ b_auth: [] }])
  expect(merged.paths['/b/x']!['post']!.security).toEqual([])
  expect(merged.paths['/b/x']!['put']!.security).toEqual([{ b_auth: ['w'], other: [] }, {}])
})

test("[R38] a requirement of a scheme that does not exist never becomes another service's scheme", async () => {
  const merged = await merge(
    service('a', { paths: {}, components: { securitySchemes: { admin: { type: 'http', scheme: 'bearer' } } } }),
    service('b', { paths: { '/x': { get: { security: [{ admin: [] }], responses: ok } } } }),
  )
  expect(merged.paths['/b/x']!['get']!.security).toEqual([{ b_admin: [] }])
})

test('parameters of the path item are written out, the operation overrides them by name and place', async () => {
  const merged = await merge(
    service('a', {
      paths: {
        '/x/{id}': {
          parameters: [{ $ref: '#/components/parameters/Id' }, { name: 'q', in: 'query', schema: {} }],
          get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }], responses: ok },
          put: { responses: ok },
        },
      },
      components: { parameters: { Id: { name: 'id', in: 'path', schema: { type: 'string' } } } },
    }),
  )
  const item = merged.paths['/a/x/{id}']!
  expect(item['get']!.parameters).toMatchObject([{ name: 'q' }, { name: 'id', schema: { type: 'integer' } }])
  expect(item['put']!.parameters).toMatchObject([{ $ref: '#/components/parameters/a_Id' }, { name: 'q' }])
  expect(item).not.toHaveProperty('parameters')
  expect(merged.components['parameters']!['a_Id']).toHaveProperty('required', true)
})

test('operation ids are unique, whatever the services call theirs', async () => {
  const paths = {
    '/x': {
      get: { operationId: 'x', responses: ok, callbacks: { c: { '{$url}': { post: { operationId: 'x', responses: ok } } } } },
      put: { operationId: 'x', responses: ok },
    },
  }
  const merged = await merge(
    service('a', { paths }),
    service('a', { paths }, { version: '2.0.0', prefix: '/other' }),
    service('b', { paths }, { mounts: ['/b-1', '/b-2'] }),
  )
  const ids: string[] = []
  JSON.stringify(merged, (name, value: unknown) => {
    if (name === 'operationId') ids.push(value as string)
    return value
  })
  expect(ids.length).toBe(3 * 4)
  expect(new Set(ids).size).toBe(ids.length)
})

test('only what is routed is shown; the winner of a route is the one shown', async () => {
  const paths = (text: string): JsonObject => ({ '/x': { get: { summary: text, responses: ok } }, '/y': { get: { responses: ok } } })
  const merged = await merge(
    service('a', { paths: paths('a') }, { prefix: '', priority: 40, only: ['/x'] }),
    service('b', { paths: paths('b') }, { prefix: '', priority: 60, only: ['/x'] }),
  )
  expect(Object.keys(merged.paths)).toEqual(['/x'])
  expect(merged.paths['/x']!['get']).toMatchObject({ summary: 'b' })
})

test('the same path on other hosts, or with other parameter names, keeps a place of its own', async () => {
  const item = (name: string): JsonObject => ({ get: { parameters: [{ name, in: 'path', required: true, schema: {} }], responses: ok } })
  const merged = await merge(
    service('a', { paths: { '/u/{id}': item('id') } }, { prefix: '' }),
    service('b', { paths: { '/u/{id}': item('id') } }, { prefix: '', host: 'b.example.com' }),
    service('c', { paths: { '/u/{id}': item('id') } }, { prefix: '', host: 'c.*' }),
    service('d', { paths: { '/u/{name}': { ...item('name'), get: undefined, put: item('name')['get'] } } }, { prefix: '' }),
  )
  expect(Object.keys(merged.paths)).toEqual(['/u/{id}', '/u/{id}#b.example.com', '/u/{id}#c.*', '/u/{name}#d'])
  expect(merged.paths['/u/{id}#b.example.com']!['get']).toMatchObject({ servers: [{ url: '//b.example.com' }] })
})

test('webhooks, unknown members and extensions are kept', async () => {
  const merged = await merge(
    service('a', {
      paths: {
        '/x': { 'x-item': 1, description: 'item', get: { 'x-op': { $ref: '#/components/schemas' }, responses: { ...ok, 'x-r': 1 } } },
      },
      webhooks: {
        made: {
          post: {
            operationId: 'made',
            tags: ['t'],
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } },
            responses: ok,
          },
        },
      },
      components: { schemas: { A: { type: 'object', 'x-a': 1, unknownKeyword: true } } },
    }),
  )
  expect(merged.paths['/a/x']).toMatchObject({
    'x-item': 1,
    description: 'item',
    get: { 'x-op': { $ref: '#/components/schemas' }, responses: { 'x-r': 1 } },
  })
  expect(merged.webhooks).toMatchObject({ a_made: { post: { operationId: 'a_made', tags: ['a_t'] } } })
  expect(merged.components['schemas']!['a_A']).toMatchObject({ 'x-a': 1, unknownKeyword: true })
})

describe('order', () => {
  test('the same services in any order make the same document', () => {
    const services = ['c', 'a', 'b'].map((name) =>
      service(name, {
        paths: { '/x': { get: { operationId: 'x', responses: ok } } },
        components: { securitySchemes: { s: { type: 'http', scheme: name } } },
      }),
    )
    const texts = [services, services.toReversed(), [services[1]!, services[2]!, services[0]!]].map((order) =>
      JSON.stringify(mergeOpenApi(order).document),
    )
    expect(new Set(texts).size).toBe(1)
    expect(Object.keys((JSON.parse(texts[0]!) as Merged).paths)).toEqual(['/a/x', '/b/x', '/c/x'])
  })
})

test('[R38] a chain of references, or one name for everything, does not take the document away from the others', () => {
  const chain = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, { allOf: [{ $ref: `#/x-parts/s${i + 1}` }] }]))
  const schema = { $ref: '#/x-parts/s0' }
  const content = { 'application/json': { schema } }
  const names = Array.from({ length: 20_000 }, (_, i) => String.fromCodePoint(0x4e00 + i))
  const hostile = service('hostile', {
    paths: Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [
        `/p${i}`,
        { get: { operationId: 'same', responses: { 200: { description: '', content } } } },
      ]),
    ),
    'x-parts': { ...chain, s20000: { type: 'string' } },
    components: { schemas: Object.fromEntries(names.map((name) => [name, {}])) },
  })
  const { document } = mergeOpenApi([hostile, service('users', { paths: { '/users': { get: { responses: ok } } } })])
  expect(Object.keys(document['paths'] as object)).toContain('/users/users')
  expect(Object.keys((document['components'] as Record<string, object>)['schemas']!)).toHaveLength(40_001)
})
