import { expect, test } from 'vitest'
import { merge, ok, refsOf, service } from '../../testing/merging.ts'
import { mergeOpenApi } from './merge.ts'
import type { JsonObject } from '../../json.ts'

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
            responses: {
              '200': ref('responses', 'Good'),
              default: { description: 'bad', headers: { 'x-h': ref('headers', 'H') }, links: { next: ref('links', 'Next') } },
            },
            callbacks: {
              done: ref('callbacks', 'Done'),
              inline: {
                '{$request.body#/url}': { post: { operationId: 'called', requestBody: ref('requestBodies', 'Body'), responses: ok } },
              },
            },
          },
        },
      },
      components: {
        schemas: {
          Tree: {
            type: 'object',
            properties: { children: { type: 'array', items: ref('schemas', 'Tree') } },
            patternProperties: { '^x': ref('schemas', 'Leaf') },
            additionalProperties: ref('schemas', 'Leaf'),
            allOf: [ref('schemas', 'Leaf')],
            if: ref('schemas', 'Leaf'),
            $defs: { inner: ref('schemas', 'Leaf') },
          },
          Leaf: {
            oneOf: [ref('schemas', 'Tree'), true],
            discriminator: { propertyName: 'kind', mapping: { tree: 'Tree', leaf: '#/components/schemas/Leaf' } },
          },
        },
        parameters: { Id: { name: 'id', in: 'path', required: true, schema: ref('schemas', 'Leaf') } },
        requestBodies: {
          Body: {
            content: {
              'application/json': {
                schema: ref('schemas', 'Tree'),
                examples: { one: ref('examples', 'One') },
                encoding: { a: { headers: { h: ref('headers', 'H') } } },
              },
            },
          },
        },
        responses: { Good: { description: 'good', content: { 'application/json': { schema: ref('schemas', 'Tree') } } } },
        headers: { H: { schema: ref('schemas', 'Leaf') } },
        examples: { One: { value: { $ref: '#/info' } } },
        links: { Next: { operationId: 'make', parameters: { id: '$response.body#/id' } } },
        callbacks: { Done: { '{$request.body#/url}': { post: { requestBody: ref('requestBodies', 'Body'), responses: ok } } } },
        pathItems: { Shared: { get: { operationId: 'shared', responses: { '200': ref('responses', 'Good') } } } },
      },
    }),
  )
  for (const found of refsOf(merged).filter((text) => text !== '#/info')) expect(found).toMatch(/^#\/components\/\w+\/a_/)
  const { schemas, links, examples } = merged.components
  expect(schemas!['a_Leaf']).toMatchObject({
    discriminator: { mapping: { tree: '#/components/schemas/a_Tree', leaf: '#/components/schemas/a_Leaf' } },
  })
  expect(links!['a_Next']).toMatchObject({ operationId: 'a_make' })
  // Data that looks like a reference is none.
  expect(examples!['a_One']).toEqual({ value: { $ref: '#/info' } })
})

test('a property that is called $ref is a property', () => {
  const merged = mergeOpenApi([
    service('a', { paths: {}, components: { schemas: { A: { properties: { $ref: { type: 'string' } } } } } }),
  ]).document
  expect(merged['components']).toEqual({ schemas: { a_A: { properties: { $ref: { type: 'string' } } } } })
})

test('[F12.9.remote] references to what is not there and to other documents', async () => {
  const content = (ref: string): JsonObject => ({ '200': { description: 'x', content: { 'application/json': { schema: { $ref: ref } } } } })
  const merged = await merge(service('a', { paths: { '/x': { get: { responses: content('#/components/schemas/Gone') } } } }))
  expect(merged.components['schemas']).toEqual({ a_Gone: { description: 'Not defined by the service.' } })
  const outside = mergeOpenApi([
    service('a', { paths: { '/x': { get: { responses: content('http://elsewhere/schema.json#/A') } } } }),
  ]).document
  expect(refsOf(outside)).toEqual(['http://elsewhere/schema.json#/A'])
})

test('references into paths are moved to components, also when they go round in circles', async () => {
  const merged = await merge(
    service(
      'a',
      {
        paths: {
          '/a': {
            get: {
              responses: {
                '200': {
                  description: 'x',
                  content: {
                    'application/json': {
                      schema: {
                        type: 'object',
                        properties: { self: { $ref: '#/paths/~1a/get/responses/200/content/application~1json/schema' } },
                      },
                    },
                  },
                },
              },
            },
          },
          '/b': { get: { responses: { '200': { $ref: '#/paths/~1a/get/responses/200' } } } },
        },
      },
      { only: ['/b'] },
    ),
  )
  expect(Object.keys(merged.paths)).toEqual(['/a/b'])
})

test('links by reference follow their operation', async () => {
  const merged = await merge(
    service('a', {
      paths: {
        '/users/{id}': { get: { parameters: [{ name: 'id', in: 'path', required: true, schema: {} }], responses: ok } },
        '/users': {
          post: { responses: { '201': { description: 'made', links: { get: { operationRef: '#/paths/~1users~1%7Bid%7D/get' } } } } },
        },
      },
    }),
  )
  expect(merged.paths['/a/users']!['post']).toHaveProperty('responses.201.links.get.operationRef', '#/paths/~1a~1users~1%7Bid%7D/get')
})

test('OpenAPI 3.0 becomes 3.1', async () => {
  const merged = await merge(
    service('old', {
      openapi: '3.0.3',
      paths: {
        '/x': {
          get: {
            responses: {
              '200': {
                description: 'x',
                content: {
                  'application/json': { schema: { $ref: '#/components/schemas/A', description: 'ignored in 3.0' }, example: { a: 1 } },
                },
              },
            },
          },
        },
      },
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
  expect(merged.paths['/old/x']!['get']).toHaveProperty('responses.200.content.application/json.schema', {
    $ref: '#/components/schemas/old_A',
  })
})

test('[R38] [F12.8.components] components called __proto__ and the like are components', async () => {
  const document = JSON.parse(
    '{"paths":{"/x":{"get":{"responses":{"200":{"description":"x","content":{"application/json":{"schema":{"$ref":"#/components/schemas/__proto__"}}}}}}}},' +
      '"components":{"schemas":{"__proto__":{"type":"object","properties":{"__proto__":{"$ref":"#/components/schemas/constructor"}}},"constructor":{"type":"string"},"List<User>":{"type":"array","items":{"$ref":"#/components/schemas/List%3CUser%3E"}}}}}',
  ) as JsonObject
  const merged = await merge(service('proto-svc', document), service('__proto__', document))
  expect(Object.keys(merged.components['schemas']!).sort()).toEqual([
    '__proto___List_User_',
    '__proto_____proto__',
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
  expect(merged.paths['/a/x']!['get']).toEqual({ parameters: [], responses: { '200': { description: '' } } })
})
