import { describe, expect, test } from 'vitest'
import { api, compared } from '../../testing/contracts.ts'
import { compareContracts } from '../compare.ts'
import { shapeOf } from '../schema/shape.ts'
import { sideOf } from '../schema/side.ts'

const ok = { '200': { description: 'ok' } }
const text = { type: 'string' }
const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })
const get = (more: object) => api({ '/x': { get: { responses: ok, ...more } } })
const query = (name: string, more = {}) => ({ in: 'query', name, schema: text, ...more })
const schemes = {
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' }, auth: { type: 'oauth2', flows: {} } } },
}
const secured = (security: unknown, document: object = schemes) => api({ '/x': { get: { responses: ok, security } } }, document as never)

type Row = readonly [rule: string, previous: object, next: object, changes: readonly string[]]

describe('paths and methods', () => {
  test.each<Row>([
    ['a path is gone', api({ '/x': { get: { responses: ok } }, '/y': {} }), api({ '/y': {} }), ['breaking endpoint_removed']],
    ['a method is gone', api({ '/x': { get: { responses: ok }, put: { responses: ok } } }), get({}), ['breaking method_removed']],
    ['what is no operation stays none', api({ '/x': { get: null } } as never), api({ '/x': { get: null } } as never), []],
    ['what was no operation is one now', api({ '/x': { get: null } } as never), get({}), ['safe method_added']],
    ['a path is new', get({}), api({ '/x': { get: { responses: ok } }, '/y': { get: { responses: ok } } }), ['safe endpoint_added']],
    ['a method is new', get({}), api({ '/x': { get: { responses: ok }, post: { responses: ok } } }), ['safe method_added']],
    [
      'a parameter has another name',
      api({ '/x/{id}': { get: { responses: ok, parameters: [{ in: 'path', name: 'id', required: true, schema: text }] } } }),
      api({ '/x/{key}': { get: { responses: ok, parameters: [{ in: 'path', name: 'key', required: true, schema: text }] } } }),
      [],
    ],
    [
      'a path parameter has another type',
      api({ '/x/{id}': { get: { responses: ok, parameters: [{ in: 'path', name: 'id', required: true, schema: text }] } } }),
      api({
        '/x/{key}': { parameters: [{ in: 'path', name: 'key', required: true, schema: { type: 'integer' } }], get: { responses: ok } },
      }),
      ['breaking field_type_changed'],
    ],
    [
      'a segment has another name',
      api({ '/x/{id}': { get: { responses: ok } } }),
      api({ '/z/{id}': { get: { responses: ok } } }),
      ['breaking endpoint_removed', 'safe endpoint_added'],
    ],
    ['deprecated', get({}), get({ deprecated: true }), ['safe deprecated']],
    [
      'a path item behind a reference',
      api({ '/x': { get: { responses: ok } } }),
      api({ '/x': { $ref: '#/components/pathItems/X' } }, { components: { pathItems: { X: { get: { responses: ok } } } } }),
      [],
    ],
    ['a path item behind a lost reference', get({}), api({ '/x': { $ref: './other.yaml' } }), ['unknown not_judged']],
    [
      'methods of OpenAPI 3.2',
      api({ '/x': { query: { responses: ok }, additionalOperations: { COPY: { responses: ok } } } }),
      api({ '/x': {} }),
      ['breaking method_removed', 'breaking method_removed'],
    ],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('openapi', previous as never, next as never)).toEqual(changes)
  })
})

describe('parameters and bodies', () => {
  test.each<Row>([
    ['an optional parameter is new', get({}), get({ parameters: [query('q')] }), ['safe field_added']],
    ['a required parameter is new', get({}), get({ parameters: [query('q', { required: true })] }), ['breaking field_required']],
    [
      'a parameter is required now',
      get({ parameters: [query('q')] }),
      get({ parameters: [query('q', { required: true })] }),
      ['breaking field_required'],
    ],
    ['a parameter is optional now', get({ parameters: [query('q', { required: true })] }), get({ parameters: [query('q')] }), []],
    ['a parameter is gone', get({ parameters: [query('q')] }), get({}), ['unknown field_removed']],
    [
      'a parameter moved',
      get({ parameters: [query('q')] }),
      get({ parameters: [query('q', { in: 'header' })] }),
      ['breaking endpoint_changed', 'safe field_added'],
    ],
    [
      'a field in another case',
      get({ parameters: [query('X-A', { in: 'header' })] }),
      get({ parameters: [query('x-a', { in: 'header' })] }),
      [],
    ],
    ['fields that are described elsewhere', get({ parameters: [query('Authorization', { in: 'header', required: true })] }), get({}), []],
    ['a parameter of the path', api({ '/x': { parameters: [query('q')], get: { responses: ok } } }), get({ parameters: [query('q')] }), []],
    [
      'a list written another way',
      get({ parameters: [query('q', { schema: { type: 'array' } })] }),
      get({ parameters: [query('q', { schema: { type: 'array' }, explode: false })] }),
      ['breaking endpoint_changed'],
    ],
    ['a single value written another way', get({ parameters: [query('q')] }), get({ parameters: [query('q', { explode: false })] }), []],
    [
      'a parameter behind a lost reference',
      get({}),
      get({ parameters: [{ $ref: '#/components/parameters/Gone' }] }),
      ['unknown not_judged'],
    ],
    ['an optional body is new', get({}), get({ requestBody: json(text) }), ['safe field_added']],
    ['a required body is new', get({}), get({ requestBody: { ...json(text), required: true } }), ['breaking field_required']],
    [
      'a body is required now',
      get({ requestBody: json(text) }),
      get({ requestBody: { ...json(text), required: true } }),
      ['breaking field_required'],
    ],
    ['a body is gone', get({ requestBody: json(text) }), get({}), ['unknown field_removed']],
    [
      'a media type is not accepted',
      get({ requestBody: { content: { 'text/csv': {}, ...json(text).content } } }),
      get({ requestBody: json(text) }),
      ['breaking endpoint_changed'],
    ],
    [
      'a media type is part of a range',
      get({ requestBody: { content: { 'image/png': {} } } }),
      get({ requestBody: { content: { 'image/*': {} } } }),
      ['safe endpoint_changed'],
    ],
    [
      'a media type is new',
      get({ requestBody: json(text) }),
      get({ requestBody: { content: { 'text/csv': {}, ...json(text).content } } }),
      ['safe endpoint_changed'],
    ],
    [
      'parts are encoded another way',
      get({ requestBody: { content: { 'multipart/form-data': { schema: text, encoding: { a: { contentType: 'text/plain' } } } } } }),
      get({ requestBody: { content: { 'multipart/form-data': { schema: text } } } }),
      ['unknown not_judged'],
    ],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('openapi', previous as never, next as never)).toEqual(changes)
  })
})

describe('answers', () => {
  const header = (more: object) => get({ responses: { '200': { headers: { 'X-Total': { schema: text, ...more } } } } })
  test.each<Row>([
    ['a success is gone', get({ responses: { '200': {}, '204': {} } }), get({ responses: { '204': {} } }), ['breaking endpoint_changed']],
    [
      'a success has another number',
      get({ responses: { '200': {} } }),
      get({ responses: { '201': {} } }),
      ['breaking endpoint_changed', 'unknown endpoint_changed'],
    ],
    ['a success is new', get({}), get({ responses: { ...ok, '202': {} } }), ['unknown endpoint_changed']],
    ['an error is new', get({}), get({ responses: { ...ok, '409': {} } }), ['safe endpoint_changed']],
    ['an error is gone', get({ responses: { ...ok, '409': {} } }), get({}), ['safe endpoint_changed']],
    [
      'an error has another number',
      get({ responses: { ...ok, '409': {} } }),
      get({ responses: { ...ok, '422': {} } }),
      ['breaking endpoint_changed', 'safe endpoint_changed'],
    ],
    [
      'a range takes over',
      get({ responses: { '200': json(text) } }),
      get({ responses: { '2XX': json(text) } }),
      ['unknown endpoint_changed'],
    ],
    [
      'one of a range differs',
      get({ responses: { '2XX': json(text) } }),
      get({ responses: { '2XX': json(text), '201': json({ type: 'number' }) } }),
      ['breaking field_type_changed'],
    ],
    ['a media type is not sent', get({ responses: { '200': json(text) } }), get({}), ['breaking endpoint_changed']],
    ['a field is gone', header({}), get({}), ['breaking field_removed']],
    ['a field may be absent', header({ required: true }), header({}), ['breaking field_optional']],
    ['a field has another type', header({}), header({ schema: { type: 'integer' } }), ['safe field_type_changed']],
    [
      'a response behind a reference',
      get({ responses: { '200': json(text) } }),
      api(
        { '/x': { get: { responses: { '200': { $ref: '#/components/responses/R' } } } } },
        { components: { responses: { R: json(text) } } },
      ),
      [],
    ],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('openapi', previous as never, next as never)).toEqual(changes)
  })
})

describe('security', () => {
  test.each<Row>([
    ['is needed now', secured([]), secured([{ key: [] }]), ['breaking security_changed']],
    [
      'is needed now, by the document',
      get({}),
      api({ '/x': { get: { responses: ok } } }, { ...schemes, security: [{ key: [] }] }),
      ['breaking security_changed'],
    ],
    ['a scope more', secured([{ auth: ['r'] }]), secured([{ auth: ['r', 'w'] }]), ['breaking security_changed']],
    ['a scope less', secured([{ auth: ['r', 'w'] }]), secured([{ auth: ['r'] }]), ['safe security_changed']],
    ['a scheme more, of which one is enough', secured([{ key: [] }]), secured([{ key: [] }, { auth: [] }]), ['safe security_changed']],
    ['a scheme less, of which one was enough', secured([{ key: [] }, { auth: [] }]), secured([{ key: [] }]), ['breaking security_changed']],
    ['both schemes are needed', secured([{ key: [] }]), secured([{ key: [], auth: [] }]), ['breaking security_changed']],
    ['is not needed any more', secured([{ key: [] }]), secured([]), ['safe security_changed']],
    [
      'the key goes elsewhere',
      secured([{ key: [] }]),
      secured([{ key: [] }], { components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'X-Key' } } } }),
      ['breaking security_changed'],
    ],
    [
      'tokens come from elsewhere',
      secured([{ auth: [] }]),
      secured([{ auth: [] }], { components: { securitySchemes: { auth: { type: 'oauth2', flows: { implicit: {} } } } } }),
      ['unknown security_changed'],
    ],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('openapi', previous as never, next as never)).toEqual(changes)
  })
})

test('callbacks and webhooks go the other way: the service sends, clients receive', async () => {
  const body = (schema: unknown) => ({ requestBody: json({ type: 'object', properties: { a: schema } }), responses: ok })
  const calls = (item: unknown) => get({ callbacks: { done: { '{$request.body#/url}': item } } })
  const hooks = (item: unknown) => api({}, { webhooks: { created: item } as never })
  for (const make of [calls, hooks]) {
    expect(await compared('openapi', make({ post: body({ type: 'integer' }) }), make({ post: body({ type: 'number' }) }))).toEqual([
      'breaking field_type_changed',
    ])
    expect(await compared('openapi', make({ post: body({ type: 'number' }) }), make({ post: body({ type: 'integer' }) }))).toEqual([
      'safe field_type_changed',
    ])
    expect(await compared('openapi', make({ post: body(text) }), make({}))).toEqual(['breaking endpoint_removed'])
  }
})

test('every change says where, which way, and which operations have it', async () => {
  const diff = await compareContracts('openapi', get({ parameters: [query('q')] }), get({ parameters: [query('q', { required: true })] }))
  expect(diff).toMatchObject({ effect: 'breaking', counts: { breaking: 1, unknown: 0, safe: 0 }, omitted: 0, affected: ['GET /x'] })
  expect(diff.changes).toEqual([
    {
      type: 'field_required',
      effect: 'breaking',
      severity: 'high',
      direction: 'request',
      path: '/paths/~1x/get/parameters/0',
      description: 'the query parameter q is required now',
      operations: ['GET /x'],
    },
  ])
})

test('paths that nobody reaches are not compared', async () => {
  const previous = api({ '/health': { get: { responses: ok } }, '/x': { get: { responses: ok } } })
  const diff = await compareContracts('openapi', previous, get({}), { ignores: (path) => path === '/health' })
  expect(diff.changes).toEqual([])
})

test('the list is cut, the counts are not, and what breaks is kept', async () => {
  const paths = (names: readonly string[]) => api(Object.fromEntries(names.map((name) => [`/${name}`, { get: { responses: ok } }])))
  const names = Array.from({ length: 40 }, (_, index) => `n${index}`)
  const limits = { comparisons: 1000, changes: 10, parts: 100 }
  const diff = await compareContracts('openapi', paths(names.slice(0, 15)), paths(names.slice(15)), { limits })
  expect(diff.counts).toEqual({ breaking: 15, unknown: 0, safe: 25 })
  expect(diff.changes.map(({ effect }) => effect)).toEqual(Array(10).fill('breaking'))
  expect(diff.omitted).toBe(30)
  expect(diff.affected).toHaveLength(15)
})

test('too much to compare is unknown, never safe', async () => {
  const deep = (depth: number, leaf: unknown): unknown =>
    depth === 0 ? leaf : { type: 'object', properties: { a: deep(depth - 1, leaf) } }
  const make = (leaf: unknown) => get({ requestBody: json(deep(40, leaf)) })
  const few = { comparisons: 5, changes: 10, parts: 100 }
  expect((await compareContracts('openapi', make(text), make({ type: 'number' }), { limits: few })).effect).toBe('unknown')
  const wide = (leaf: unknown) => get({ requestBody: json({ allOf: Array.from({ length: 50 }, () => ({ properties: { a: leaf } })) }) })
  const limits = { comparisons: 500, changes: 10, parts: 10 }
  const diff = await compareContracts('openapi', wide(text), wide({ type: 'number' }), { limits })
  expect(diff.counts.unknown).toBeGreaterThan(0)
})

test('Swagger 2.0 is compared as well, also with what it became', async () => {
  const swagger = (type: string) => ({
    swagger: '2.0',
    info: { title: 't', version: '1' },
    paths: { '/x': { get: { parameters: [{ in: 'query', name: 'n', type }], responses: { '200': { description: 'ok' } } } } },
  })
  expect(await compared('openapi', swagger('string'), swagger('integer'))).toEqual(['breaking field_type_changed'])
  expect(await compared('openapi', swagger('string'), get({ parameters: [query('n')] }))).toEqual([])
})

test('chains of thousands of references are followed to their end, and so are circles', async () => {
  const chain = (leaf: unknown) => {
    const schemas = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [
        `S${index}`,
        {
          type: 'object',
          properties: {
            next: index === 2999 ? leaf : { $ref: `#/components/schemas/S${index + 1}` },
            first: { $ref: '#/components/schemas/S0' },
          },
        },
      ]),
    )
    return api({ '/x': { get: { responses: { '200': json({ $ref: '#/components/schemas/S0' }) } } } }, { components: { schemas } })
  }
  const diff = await compareContracts('openapi', chain(text), chain({ type: 'number' }))
  expect(diff.changes).toMatchObject([
    { type: 'field_type_changed', path: '/components/schemas/S2999/properties/next', operations: ['GET /x'] },
  ])
  expect(diff.counts).toEqual({ breaking: 1, unknown: 0, safe: 0 })
})

test('[R38] thousands of variants, of ways to come in and of parameters are not compared each with each', async () => {
  const names = Array.from({ length: 3_000 }, (_, i) => `n${i}`)
  const document = (suffix: string): never =>
    get({
      security: names.map((name) => ({ [name + suffix]: [] })),
      parameters: names.map((name) => query(name + suffix)),
      requestBody: json({ anyOf: names.map((name) => ({ const: name + suffix })) }),
    }) as never
  const { effect, counts } = await compareContracts('openapi', document(''), document('x'))
  expect([effect, counts.unknown > 0]).toEqual(['breaking', true])
})

test('[R38] a large schema that is a part of thousands is not written out for each', () => {
  const Big = { properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`n${i}`, text])) }
  const side = sideOf({ components: { schemas: { Big } } }, { isOld: false, hasRefSiblings: true })
  const shapes = Array.from({ length: 120 }, (_, i) =>
    shapeOf([{ value: { allOf: [{ $ref: '#/components/schemas/Big' }] }, at: `/${i}` }], side, 100),
  )
  expect([shapes[0]!.properties.size, shapes[0]!.isCut]).toEqual([10_000, false])
  expect([shapes.at(-1)!.properties.size, shapes.at(-1)!.isCut]).toEqual([0, true])
})
