import { describe, expect, test } from 'vitest'
import { INFO } from '../merged.ts'
import { merge, ok, service } from '../../testing/merging.ts'
import { mergeOpenApi } from './merge.ts'
import type { Composition, ConflictStrategy } from '../../manifest/manifest.ts'
import type { Merged, SecurityMerge } from '../merged.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'

const composition = (given: Partial<Composition>): Composition => ({
  include: true,
  componentPrefix: undefined,
  tagPrefix: undefined,
  operationIdPrefix: undefined,
  conflictStrategy: undefined,
  preserveExtensions: false,
  customServers: [],
  ...given,
})

const schemas = (merged: Merged): JsonObject => (merged.document['components'] as { schemas: JsonObject }).schemas
const item = (merged: Merged, path: string): JsonObject => (merged.document['paths'] as Record<string, JsonObject>)[path]!

describe('names that two services share', () => {
  const shared = (name: string, type: string, conflictStrategy: ConflictStrategy): FederatedService =>
    service(
      name,
      {
        paths: {
          [`/${name}`]: {
            get: { responses: { '200': { description: '', content: { 'a/b': { schema: { $ref: '#/components/schemas/Error' } } } } } },
          },
        },
        components: { schemas: { Error: { type } } },
      },
      { composition: composition({ componentPrefix: 'common', conflictStrategy }) },
    )
  const run = (strategy: ConflictStrategy): Merged => mergeOpenApi([shared('a', 'object', 'prefix'), shared('b', 'string', strategy)])
  const refOf = (merged: Merged, name: string): unknown => JSON.stringify(item(merged, `/${name}/${name}`)).match(/"\$ref":"([^"]*)"/)?.[1]

  test.each([
    ['prefix', { common_Error: { type: 'object' }, common_Error_2: { type: 'string' } }, '#/components/schemas/common_Error_2'],
    ['skip', { common_Error: { type: 'object' } }, '#/components/schemas/common_Error'],
    ['overwrite', { common_Error: { type: 'string' } }, '#/components/schemas/common_Error'],
    ['merge', { common_Error: { type: 'string' } }, '#/components/schemas/common_Error'],
  ] as const)('%s', (strategy, expected, ref) => {
    const merged = run(strategy)
    expect({ ...schemas(merged) }).toEqual(expected)
    expect(refOf(merged, 'a')).toBe('#/components/schemas/common_Error')
    expect(refOf(merged, 'b')).toBe(ref)
    expect(merged.conflicts).toMatchObject([{ type: 'component', item: 'schemas/common_Error', services: ['a', 'b'], strategy }])
  })

  test('error: the later one stays out, and nothing of it is left behind', () => {
    const merged = run('error')
    expect(merged.document).toEqual(mergeOpenApi([shared('a', 'object', 'prefix')]).document)
    expect(merged.excluded).toEqual([{ service: 'b', reason: 'component conflict: schemas/common_Error exists in both a and b' }])
  })

  test('the default for services that say nothing is an option', () => {
    const make = (name: string): FederatedService => service(name, { paths: { '/x': { get: { responses: ok } } } }, { prefix: '' })
    const late = {
      ...make('b'),
      operations: () =>
        make('b')
          .operations()
          .map((one) => ({ ...one, method: 'POST' })),
    }
    const document = { ...late, document: { openapi: '3.1.0', paths: { '/x': { post: { responses: ok } } } } }
    const options = { info: INFO, collapseServiceTags: false }
    expect(Object.keys(item(mergeOpenApi([make('a'), document], options), '/x'))).toEqual(['get', 'post'])
    expect(Object.keys(item(mergeOpenApi([make('a'), document], { ...options, conflictStrategy: 'skip' }), '/x'))).toEqual(['get'])
  })
})

test('a link to an operation that an overwriting service displaced never leads to that service', async () => {
  const early = service(
    'a',
    {
      paths: {
        '/x': { get: { operationId: 'x', responses: ok } },
        '/y': {
          get: {
            responses: { '200': { description: '', links: { ref: { operationRef: '#/paths/~1x/get' }, id: { operationId: 'x' } } } },
          },
        },
      },
    },
    { prefix: '' },
  )
  const late = service(
    'b',
    { paths: { '/x': { post: { operationId: 'x', responses: ok } } } },
    { prefix: '', composition: composition({ conflictStrategy: 'overwrite' }) },
  )
  const merged = await merge(early, late)
  expect(Object.keys(merged.paths['/x']!)).toEqual(['post'])
  const links = (merged.paths['/y']!['get'] as unknown as { responses: { 200: { links: Record<string, JsonObject> } } }).responses[200]
    .links
  expect(links['ref']).toEqual({ operationId: 'a_get__x' })
  expect(links['id']).toEqual({ operationId: 'a_x' })
})

describe('security', () => {
  const document = (schemes: JsonObject, security?: JsonObject[]): JsonObject => ({
    paths: {
      '/x': {
        get: { responses: ok, callbacks: { c: { '{$url}': { post: { responses: ok } } } } },
        put: { security: [], responses: ok },
      },
    },
    components: { securitySchemes: schemes },
    ...(security === undefined ? {} : { security }),
  })
  const key = { type: 'apiKey', in: 'header', name: 'K' }
  const bearer = { type: 'http', scheme: 'bearer' }
  const basic = { type: 'http', scheme: 'basic' }
  const oauth2 = { type: 'oauth2', flows: {} }
  const run = (security: SecurityMerge): Merged =>
    mergeOpenApi(
      [
        service('a', document({ shared: bearer, auth: key, unused: bearer, internal: key }, [{ auth: [] }, { internal: [] }])),
        service('b', document({ shared: bearer, auth: oauth2 }, [{ auth: ['r'] }])),
        service('c', document({ shared: bearer })),
      ],
      { info: INFO, collapseServiceTags: false, security },
    )
  const schemes = (merged: Merged): string[] =>
    Object.keys((merged.document['components'] as { securitySchemes: object }).securitySchemes).sort()
  const needs = (merged: Merged, path: string, method = 'get'): unknown => (item(merged, path)[method] as JsonObject)['security']
  const gate = { schemes: { gate: basic }, global: [{ gate: [] }] }

  test('union: each suffices; what needs nothing still needs nothing', () => {
    const merged = run({ strategy: 'union', ...gate })
    expect(schemes(merged)).toEqual(['auth', 'b_auth', 'gate', 'internal', 'shared', 'unused'])
    expect(needs(merged, '/a/x')).toEqual([{ auth: [] }, { internal: [] }, { gate: [] }])
    expect(needs(merged, '/b/x')).toEqual([{ b_auth: ['r'] }, { gate: [] }])
    expect(needs(merged, '/c/x')).toEqual([{ gate: [] }])
    expect(needs(merged, '/a/x', 'put')).toEqual([])
  })

  test('intersection: both are needed; schemes that not all have go, unless an operation needs them', () => {
    const merged = run({ strategy: 'intersection', ...gate })
    expect(schemes(merged)).toEqual(['auth', 'b_auth', 'gate', 'internal', 'shared'])
    expect(needs(merged, '/a/x')).toEqual([
      { auth: [], gate: [] },
      { internal: [], gate: [] },
    ])
    expect(needs(merged, '/a/x', 'put')).toEqual([{ gate: [] }])
    expect(merged.warnings).toContain('security scheme b_auth stays, because operations require it')
  })

  test('per_service: every scheme has the prefix of its service, and its own requirements', () => {
    const merged = run({ strategy: 'per_service', ...gate })
    expect(schemes(merged)).toEqual(['a_auth', 'a_internal', 'a_shared', 'a_unused', 'b_auth', 'b_shared', 'c_shared', 'gate'])
    expect(needs(merged, '/b/x')).toEqual([{ b_auth: ['r'] }])
    expect(needs(merged, '/c/x')).toEqual([{ gate: [] }])
  })

  test('global: the requirements of the gateway replace all others, for callers and not for callbacks', () => {
    const merged = run({ strategy: 'global', required: ['shared'], ...gate })
    expect(needs(merged, '/a/x')).toEqual([{ gate: [] }])
    expect(needs(merged, '/a/x', 'put')).toEqual([{ gate: [] }])
    const { callbacks } = item(merged, '/a/x')['get'] as { callbacks: { c: Record<string, { post: JsonObject }> } }
    expect(callbacks.c['{$url}']!.post['security']).toEqual([{ auth: [] }, { internal: [] }])
    expect(schemes(merged)).toEqual(['auth', 'b_auth', 'gate', 'internal', 'shared'])
  })

  test('most_strict: of equal names the strictest type', () => {
    const merged = run({ strategy: 'most_strict' })
    expect((merged.document['components'] as { securitySchemes: JsonObject }).securitySchemes['auth']).toEqual(oauth2)
    expect(needs(merged, '/a/x')).toEqual([{ auth: [] }, { internal: [] }])
    expect(merged.conflicts).toMatchObject([{ type: 'securityScheme', item: 'auth', resolution: 'Kept the strictest, of b' }])
  })

  test('what the gateway brings itself is excluded, from requirements as well', () => {
    const merged = run({ exclude: ['internal'] })
    expect(schemes(merged)).not.toContain('internal')
    expect(needs(merged, '/a/x')).toEqual([{ auth: [] }, {}])
  })

  test('without the operations own requirements only the global ones are left', () => {
    expect(needs(run({ preserveOperationSecurity: false, ...gate }), '/a/x')).toEqual([{ gate: [] }])
    expect(needs(run({ preserveOperationSecurity: false }), '/a/x')).toBeUndefined()
  })

  test("[R38] no service replaces the gateway's own scheme", () => {
    const rogue = service('a', document({ gate: key }, [{ gate: [] }]), { composition: composition({ conflictStrategy: 'overwrite' }) })
    const merged = mergeOpenApi([rogue], { info: INFO, collapseServiceTags: false, security: gate })
    expect((merged.document['components'] as { securitySchemes: JsonObject }).securitySchemes).toEqual({ gate: basic, a_gate: key })
  })
})

describe('one tag per service', () => {
  const make = (name: string, collapsesTags = false): FederatedService =>
    service(
      name,
      { tags: [{ name: 't' }], paths: { '/x': { get: { tags: ['t'], responses: ok }, put: { responses: ok } } } },
      { collapsesTags },
    )
  const tagsOf = (merged: Merged, name: string): unknown[] =>
    ['get', 'put'].map((method) => (item(merged, `/${name}/x`)[method] as JsonObject)['tags'])

  test('for those that ask', () => {
    const merged = mergeOpenApi([make('a', true), make('b')])
    expect(tagsOf(merged, 'a')).toEqual([['a'], ['a']])
    expect(tagsOf(merged, 'b')).toEqual([['b_t'], undefined])
    expect(merged.document['tags']).toEqual([{ name: 'a', description: 'Routes from a' }, { name: 'b_t' }])
  })

  test('for all, or for some', () => {
    const all = mergeOpenApi([make('a'), make('b')], { info: INFO, collapseServiceTags: true })
    expect(all.document['tags']).toMatchObject([{ name: 'a' }, { name: 'b' }])
    const some = mergeOpenApi([make('a'), make('b')], { info: INFO, collapseServiceTags: (name) => name === 'b' })
    expect(some.document['tags']).toMatchObject([{ name: 'a_t' }, { name: 'b' }])
  })
})

test('a document that is none is left out, with a warning; so is one that could not be read', () => {
  const bad = { ...service('bad', { paths: {} }), document: { openapi: '4.0.0' } }
  const merged = mergeOpenApi([bad, service('good', { paths: {} })], {
    info: { title: 'T', description: 'D', version: '7' },
    collapseServiceTags: false,
    unreadable: [{ service: 'broken', reason: 'it is no JSON' }],
  })
  expect(merged.included).toEqual(['good'])
  expect(merged.excluded).toEqual([
    { service: 'bad', reason: 'it is no OpenAPI 3 document (4.0.0)' },
    { service: 'broken', reason: 'it is no JSON' },
  ])
  expect(merged.warnings).toHaveLength(2)
  expect(merged.document['info']).toEqual({ title: 'T', description: 'D', version: '7' })
})

test('a hidden service hides its routes, and does not give them to another document', () => {
  const make = (name: string, summary: string): FederatedService =>
    service(
      name,
      { paths: { '/x': { get: { summary, responses: ok } } } },
      { prefix: '', composition: composition({ include: name !== 'a' }) },
    )
  expect(mergeOpenApi([make('a', 'secret'), make('b', 'stands by')]).document['paths']).toEqual({})
})

test('OpenAPI 3.2 is told in the words of 3.1, and nothing of it is lost', async () => {
  const event = { $ref: '#/components/schemas/Event' }
  const merged = await merge(
    service('new', {
      openapi: '3.2.0',
      $self: 'https://example.com/openapi.json',
      tags: [{ name: 'child', parent: 'top', kind: 'nav', summary: 's' }, { name: 'top' }],
      paths: {
        '/events': {
          get: {
            parameters: [{ name: 'q', in: 'querystring', content: { 'application/x-www-form-urlencoded': { schema: event } } }],
            responses: {
              '200': {
                summary: 'short',
                content: {
                  'text/event-stream': { itemSchema: event, examples: { one: { dataValue: { a: 1 }, serializedValue: 'a=1' } } },
                  'application/json': { $ref: '#/components/mediaTypes/Events' },
                },
              },
            },
          },
        },
      },
      components: {
        mediaTypes: { Events: { schema: { type: 'array', items: event } } },
        schemas: {
          Event: { oneOf: [{ $ref: '#/components/schemas/A' }], discriminator: { propertyName: 'k', defaultMapping: 'A' } },
          A: {},
        },
        securitySchemes: { o: { type: 'oauth2', oauth2MetadataUrl: 'https://x', flows: { deviceAuthorization: { scopes: {} } } } },
      },
    }),
  )
  const { get } = merged.paths['/new/events']! as { get: JsonObject }
  const renamed = { $ref: '#/components/schemas/new_Event' }
  expect(get['x-querystring']).toMatchObject({ content: { 'application/x-www-form-urlencoded': { schema: renamed } } })
  expect((get['responses'] as JsonObject)['200']).toEqual({
    'x-summary': 'short',
    description: '',
    content: {
      'text/event-stream': { 'x-itemSchema': renamed, examples: { one: { value: { a: 1 }, 'x-serializedValue': 'a=1' } } },
      'application/json': { schema: { type: 'array', items: renamed } },
    },
  })
  expect(merged.components['schemas']!['new_Event']!['discriminator']).toMatchObject({ 'x-defaultMapping': '#/components/schemas/new_A' })
  expect(merged.tags).toEqual([{ name: 'new_child', 'x-parent': 'new_top', 'x-kind': 'nav', 'x-summary': 's' }, { name: 'new_top' }])
  expect(merged.components['securitySchemes']!['o']).toMatchObject({
    'x-oauth2MetadataUrl': 'https://x',
    flows: { 'x-deviceAuthorization': {} },
  })
})
