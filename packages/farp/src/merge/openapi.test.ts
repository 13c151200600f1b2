import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { adaptOpenApi } from '../adapters/openapi.ts'
import { LIMITS } from '../limits.ts'
import { mountPath } from '../mount.ts'
import { isObject } from '../json.ts'
import { resolvePointer } from '../adapters/openapi.ts'
import { mergeOpenApi } from './openapi.ts'
import type { FederatedService } from './input.ts'
import type { JsonObject } from '../json.ts'

interface Given extends Partial<Omit<FederatedService, 'operations' | 'document'>> {
  readonly prefix?: string
  readonly host?: string
  readonly mounts?: readonly string[]
  readonly only?: readonly string[]
}

/** A service as the source would hand it over: every operation of the document, mounted by its name. */
function service(name: string, document: JsonObject, given: Given = {}): FederatedService {
  const { prefix = `/${name}`, mounts = [prefix], host, only, ...rest } = given
  const full = { openapi: '3.1.0', info: { title: name, version: '1' }, ...document }
  const operations = adaptOpenApi(full, LIMITS).operations.filter(({ path }) => only === undefined || only.includes(path))
  return {
    id: name + (given.version ?? ''),
    name,
    version: '1.0.0',
    hasSiblings: false,
    priority: 50,
    hash: 'x',
    composition: undefined,
    document: full,
    operations: () => mounts.flatMap((at) => operations.map(({ method, path, key }) => ({ method, path, mounted: mountPath({ prefix: at }, path), key: mountPath({ prefix: at }, key), host }))),
    ...rest,
  }
}

interface Operation extends Record<string, unknown> {
  readonly operationId?: string
  readonly tags?: string[]
  readonly security?: unknown[]
  readonly parameters?: { name?: string; $ref?: string }[]
}

interface Merged {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>
  readonly tags: readonly { name: string }[]
  readonly webhooks?: JsonObject
}

/** Merges, validates with the independent validator, and checks that every local reference leads somewhere. */
async function merge(...services: FederatedService[]): Promise<Merged> {
  const document = JSON.parse(JSON.stringify(mergeOpenApi(services))) as Merged & JsonObject
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  for (const ref of refsOf(document)) if (ref.startsWith('#')) expect(resolvePointer(document, ref), ref).toBeDefined()
  return document
}

function refsOf(value: unknown, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const item of value) refsOf(item, found)
  if (!isObject(value)) return found
  for (const [name, item] of Object.entries(value)) {
    if (name === '$ref' && typeof item === 'string') found.push(item)
    else if (name !== 'example' && name !== 'examples' && name !== 'default') refsOf(item, found)
  }
  return found
}

const ok = { '200': { description: 'ok' } }

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
  const composition = { include: true, componentPrefix: 'user_svc', tagPrefix: 'Users', operationIdPrefix: 'UserAPI', preserveExtensions: true, customServers: [{ url: 'https://api.example.com' }] }
  const document = { paths: { '/users': { get: { operationId: 'getUsers', tags: ['users'], responses: ok } } }, components: { schemas: { User: {} } }, tags: [{ name: 'users' }], 'x-team': 'a' }
  const merged = await merge(service('user-service', document, { composition }), service('hidden', document, { composition: { ...composition, include: false } }))
  expect(Object.keys(merged.paths)).toEqual(['/user-service/users'])
  expect(merged.paths['/user-service/users']!['get']).toMatchObject({ operationId: 'UserAPI_getUsers', tags: ['Users_users'], servers: [{ url: 'https://api.example.com' }] })
  expect(Object.keys(merged.components['schemas']!)).toEqual(['user_svc_User'])
  expect(merged).toHaveProperty('x-team', 'a')
})

test('every reference follows its component, in every place a reference can be', async () => {
  const ref = (section: string, name: string): JsonObject => ({ $ref: `#/components/${section}/${name}` })
  const merged = await merge(
    service('a', {
      paths: {
        '/t/{id}': {
          parameters: [ref('parameters', 'Id')],
          post: {
            operationId: 'make',
            parameters: [{ name: 'q', in: 'query', content: { 'application/json': { schema: ref('schemas', 'Tree') } } }],
            requestBody: ref('requestBodies', 'Body'),
            responses: { '200': ref('responses', 'Good'), default: { description: 'bad', headers: { 'x-h': ref('headers', 'H') }, links: { next: ref('links', 'Next') } } },
            callbacks: { done: ref('callbacks', 'Done'), inline: { '{$request.body#/url}': { post: { operationId: 'called', requestBody: ref('requestBodies', 'Body'), responses: ok } } } },
          },
        },
      },
      components: {
        schemas: {
          Tree: {
            type: 'object',
            properties: { children: { type: 'array', items: ref('schemas', 'Tree') }, $ref: { type: 'string' } },
            patternProperties: { '^x': ref('schemas', 'Leaf') },
            additionalProperties: ref('schemas', 'Leaf'),
            allOf: [ref('schemas', 'Leaf')],
            if: ref('schemas', 'Leaf'),
            $defs: { inner: ref('schemas', 'Leaf') },
          },
          Leaf: { oneOf: [ref('schemas', 'Tree'), true], discriminator: { propertyName: 'kind', mapping: { tree: 'Tree', leaf: '#/components/schemas/Leaf' } } },
        },
        parameters: { Id: { name: 'id', in: 'path', required: true, schema: ref('schemas', 'Leaf') } },
        requestBodies: { Body: { content: { 'application/json': { schema: ref('schemas', 'Tree'), examples: { one: ref('examples', 'One') }, encoding: { a: { headers: { h: ref('headers', 'H') } } } } } } },
        responses: { Good: { description: 'good', content: { 'application/json': { schema: ref('schemas', 'Tree') } } } },
        headers: { H: { schema: ref('schemas', 'Leaf') } },
        examples: { One: { value: { $ref: '#/components/schemas/Tree' } } },
        links: { Next: { operationId: 'make', parameters: { id: '$response.body#/id' } } },
        callbacks: { Done: { '{$request.body#/url}': { post: { requestBody: ref('requestBodies', 'Body'), responses: ok } } } },
        pathItems: { Shared: { get: { operationId: 'shared', responses: { '200': ref('responses', 'Good') } } } },
      },
    }),
  )
  for (const found of refsOf(merged)) expect(found).toMatch(/^#\/components\/\w+\/a_/)
  const { schemas, links, examples } = merged.components
  expect(schemas!['a_Leaf']).toMatchObject({ discriminator: { mapping: { tree: '#/components/schemas/a_Tree', leaf: '#/components/schemas/a_Leaf' } } })
  expect(links!['a_Next']).toMatchObject({ operationId: 'a_make' })
  // Data that looks like a reference is none.
  expect(examples!['a_One']).toEqual({ value: { $ref: '#/components/schemas/Tree' } })
  expect(schemas!['a_Tree']).toHaveProperty('properties.$ref', { type: 'string' })
})

test('references into paths are moved to components, also when they go round in circles', async () => {
  const merged = await merge(
    service('a', {
      paths: {
        '/a': { get: { responses: { '200': { description: 'x', content: { 'application/json': { schema: { type: 'object', properties: { self: { $ref: '#/paths/~1a/get/responses/200/content/application~1json/schema' } } } } } } } } },
        '/b': { get: { responses: { '200': { $ref: '#/paths/~1a/get/responses/200' } } } },
      },
    }, { only: ['/b'] }),
  )
  expect(Object.keys(merged.paths)).toEqual(['/a/b'])
})

test('links by reference follow their operation', async () => {
  const merged = await merge(
    service('a', {
      paths: {
        '/users/{id}': { get: { parameters: [{ name: 'id', in: 'path', required: true, schema: {} }], responses: ok } },
        '/users': { post: { responses: { '201': { description: 'made', links: { get: { operationRef: '#/paths/~1users~1%7Bid%7D/get' } } } } } },
      },
    }),
  )
  expect(merged.paths['/a/users']!['post']).toHaveProperty('responses.201.links.get.operationRef', '#/paths/~1a~1users~1%7Bid%7D/get')
})

test('security: schemes keep their names until they differ, requirements follow, document security is written out', async () => {
  const bearer = { type: 'http', scheme: 'bearer' }
  const basic = { type: 'http', scheme: 'basic' }
  const paths = { '/x': { get: { responses: ok }, post: { security: [], responses: ok }, put: { security: [{ auth: ['w'], other: [] }, {}], responses: ok } } }
  const make = (name: string, auth: JsonObject): FederatedService => service(name, { paths, security: [{ auth: [] }], components: { securitySchemes: { auth, other: bearer } } })
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

test('OpenAPI 3.0 becomes 3.1', async () => {
  const merged = await merge(
    service('old', {
      openapi: '3.0.3',
      paths: { '/x': { get: { responses: { '200': { description: 'x', content: { 'application/json': { schema: { $ref: '#/components/schemas/A', description: 'ignored in 3.0' }, example: { a: 1 } } } } } } } },
      components: {
        schemas: {
          A: {
            type: 'object',
            nullable: true,
            example: { a: 1 },
            properties: {
              n: { type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
              e: { type: 'string', nullable: true, enum: ['x'] },
              r: { nullable: true, allOf: [{ $ref: '#/components/schemas/A' }] },
              plain: { nullable: false, type: 'string' },
              nullable: { type: 'boolean' },
            },
          },
        },
      },
    }),
  )
  const schema = merged.components['schemas']!['old_A'] as { properties: JsonObject }
  expect(schema).toMatchObject({ type: ['object', 'null'], examples: [{ a: 1 }] })
  expect(schema.properties).toEqual({
    n: { type: 'integer', exclusiveMinimum: 0, maximum: 9 },
    e: { type: ['string', 'null'], enum: ['x', null] },
    r: { anyOf: [{ allOf: [{ $ref: '#/components/schemas/old_A' }] }, { type: 'null' }] },
    plain: { type: 'string' },
    nullable: { type: 'boolean' },
  })
  expect(merged.paths['/old/x']!['get']).toHaveProperty('responses.200.content.application/json.schema', { $ref: '#/components/schemas/old_A' })
})

test('operation ids are unique, whatever the services call theirs', async () => {
  const paths = { '/x': { get: { operationId: 'x', responses: ok, callbacks: { c: { '{$url}': { post: { operationId: 'x', responses: ok } } } } }, put: { operationId: 'x', responses: ok } } }
  const merged = await merge(service('a', { paths }), service('a', { paths }, { version: '2.0.0', prefix: '/other' }), service('b', { paths }, { mounts: ['/b-1', '/b-2'] }))
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
      paths: { '/x': { 'x-item': 1, description: 'item', get: { 'x-op': { $ref: '#/not/a/ref' }, responses: { ...ok, 'x-r': 1 } } } },
      webhooks: { made: { post: { operationId: 'made', tags: ['t'], requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } }, responses: ok } } },
      components: { schemas: { A: { type: 'object', 'x-a': 1, unknownKeyword: true } } },
    }),
  )
  expect(merged.paths['/a/x']).toMatchObject({ 'x-item': 1, description: 'item', get: { 'x-op': { $ref: '#/not/a/ref' }, responses: { 'x-r': 1 } } })
  expect(merged.webhooks).toMatchObject({ a_made: { post: { operationId: 'a_made', tags: ['a_t'] } } })
  expect(merged.components['schemas']!['a_A']).toMatchObject({ 'x-a': 1, unknownKeyword: true })
})

test('[R38] components called __proto__ and the like are components', async () => {
  const document = JSON.parse(
    '{"paths":{"/x":{"get":{"responses":{"200":{"description":"x","content":{"application/json":{"schema":{"$ref":"#/components/schemas/__proto__"}}}}}}}},' +
      '"components":{"schemas":{"__proto__":{"type":"object","properties":{"__proto__":{"$ref":"#/components/schemas/constructor"}}},"constructor":{"type":"string"},"List<User>":{"type":"array","items":{"$ref":"#/components/schemas/List%3CUser%3E"}}}}}',
  ) as JsonObject
  const merged = await merge(service('proto-svc', document), service('__proto__', document))
  expect(Object.keys(merged.components['schemas']!).sort()).toEqual([
    '__proto_____proto__',
    '__proto___List_User_',
    '__proto___constructor',
    'proto-svc_List_User_',
    'proto-svc___proto__',
    'proto-svc_constructor',
  ])
  expect(({} as Record<string, unknown>)['type']).toBeUndefined()
})

test('what stands where an object must be is left out; a forgotten description does not spoil the rest', async () => {
  const merged = await merge(
    service('a', {
      paths: { '/x': { get: { parameters: ['no', null], responses: { '200': {}, '404': 'no' }, callbacks: 1, requestBody: null } } },
      components: { schemas: { A: 1, B: { items: 3, properties: [] } }, responses: [] },
      tags: ['no', { name: 1 }],
      webhooks: [],
    }),
  )
  expect(merged.paths['/a/x']!['get']).toEqual({ responses: { '200': { description: '' } } })
})

describe('order', () => {
  test('the same services in any order make the same document', () => {
    const services = ['c', 'a', 'b'].map((name) => service(name, { paths: { '/x': { get: { operationId: 'x', responses: ok } } }, components: { securitySchemes: { s: { type: 'http', scheme: name } } } }))
    const texts = [services, services.toReversed(), [services[1]!, services[2]!, services[0]!]].map((order) => JSON.stringify(mergeOpenApi(order)))
    expect(new Set(texts).size).toBe(1)
    expect(Object.keys((JSON.parse(texts[0]!) as Merged).paths)).toEqual(['/a/x', '/b/x', '/c/x'])
  })
})
