import { describe, expect, test } from 'vitest'
import { Validator } from '@seriousme/openapi-schema-validator'
import { adaptOpenApi, openApi3 } from '../openapi.ts'
import { convertSwagger2 } from './convert.ts'
import { LIMITS } from '../../limits.ts'
import { petstore } from './petstore.fixture.ts'
import { resolvePointer } from '../pointers.ts'
import { merge, refsOf, service } from '../../testing/merging.ts'
import type { JsonObject } from '../../json.ts'

/** Plain objects, for comparison. */
function converted(document: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(convertSwagger2(document))) as JsonObject
}

async function expectValid(document: JsonObject): Promise<void> {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  for (const ref of refsOf(document)) expect(resolvePointer(document, ref), ref).toBeDefined()
}

const at = (document: JsonObject, pointer: string): unknown => resolvePointer(document, `#${pointer}`)

describe('a whole document', () => {
  const result = converted(petstore)

  test('both are valid, and every reference leads somewhere', async () => {
    await expectValid(petstore)
    await expectValid(result)
  })

  test('the base path is where the service has its API; the host is not taken over', () => {
    expect(result).toMatchObject({ openapi: '3.0.3', servers: [{ url: '/v2' }] })
    expect(JSON.stringify(result)).not.toContain('petstore.example.com')
    const { operations, findings } = adaptOpenApi(petstore, LIMITS)
    expect(findings).toEqual([])
    expect(operations.map(({ method, serverPrefix, path }) => `${method} ${serverPrefix}${path}`)).toEqual([
      'PUT /v2/pet',
      'POST /v2/pet',
      'GET /v2/pet/findByStatus',
      'GET /v2/pet/{petId}',
      'POST /v2/pet/{petId}',
      'DELETE /v2/pet/{petId}',
      'POST /v2/pet/{petId}/uploadImage',
      'GET /v2/store/inventory',
    ])
  })

  test('bodies: for each media type, by reference where they are shared', () => {
    expect(at(result, '/paths/~1pet/post/requestBody')).toEqual({
      description: 'Pet to add',
      required: true,
      'x-body-name': 'body',
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/Pet' } },
        'application/xml': { schema: { $ref: '#/components/schemas/Pet' } },
      },
    })
    expect(at(result, '/paths/~1pet/put/requestBody')).toEqual({ $ref: '#/components/requestBodies/PetBody' })
    expect(at(result, '/components/requestBodies/PetBody/content')).toHaveProperty(['application/json'])
  })

  test('form fields become one body, files binary', () => {
    expect(at(result, '/paths/~1pet~1{petId}~1uploadImage/post/requestBody')).toEqual({
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: {
              note: { type: 'string', description: 'Additional data', maxLength: 80 },
              tags: { type: 'array', items: { type: 'string' } },
              file: { type: 'string', format: 'binary' },
            },
            required: ['file'],
          },
          encoding: { tags: { style: 'form', explode: true } },
        },
      },
    })
    expect(at(result, '/paths/~1pet~1{petId}/post/requestBody/content')).toHaveProperty(['application/x-www-form-urlencoded'])
  })

  test.each([
    ['status', { style: 'form', explode: true }],
    ['ids', { style: 'form', explode: false }],
    ['spaced', { style: 'spaceDelimited', explode: false }],
    ['piped', { style: 'pipeDelimited', explode: false }],
    ['tabbed', { style: 'form', explode: false, 'x-collection-format': 'tsv' }],
  ])('lists in the query: %s', (name, style) => {
    const parameters = at(result, '/paths/~1pet~1findByStatus/get/parameters') as JsonObject[]
    const parameter = parameters.find((one) => one['name'] === name)
    expect(parameter).toMatchObject(style)
    expect(parameter).toMatchObject({ schema: { type: 'array', items: { type: 'string' } } })
    expect(parameter).not.toHaveProperty('collectionFormat')
  })

  test('parameters: schemas of their own, references, those of the path item', () => {
    expect(at(result, '/paths/~1pet~1{petId}/parameters')).toEqual([
      { name: 'petId', in: 'path', required: true, description: 'Which pet', schema: { type: 'integer', format: 'int64', minimum: 1 } },
    ])
    expect(at(result, '/paths/~1pet~1findByStatus/get/parameters')).toContainEqual({ $ref: '#/components/parameters/Limit' })
    expect(at(result, '/components/parameters/Limit')).toEqual({
      name: 'limit',
      in: 'query',
      schema: { type: 'integer', default: 20, maximum: 100 },
    })
  })

  test('responses: for each media type with its example, headers with schemas, by reference', () => {
    expect(at(result, '/paths/~1pet~1{petId}/get/responses/200')).toEqual({
      description: 'found',
      headers: { 'X-Rate-Limit': { description: 'left', schema: { type: 'integer' } } },
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/Pet' }, example: { name: 'Rex' } },
        'application/xml': { schema: { $ref: '#/components/schemas/Pet' } },
      },
    })
    expect(at(result, '/paths/~1pet~1{petId}/get/responses/404')).toEqual({ $ref: '#/components/responses/NotFound' })
    expect(at(result, '/paths/~1pet~1{petId}/get/responses/default')).toEqual({ description: '', 'x-why': 1 })
    expect(at(result, '/components/responses/NotFound/content')).toEqual({
      'application/json': { schema: { type: 'object', properties: { code: { type: 'integer' } } } },
    })
    expect(at(result, '/paths/~1store~1inventory/get/responses/200/content')).toEqual({
      'text/csv': { schema: { type: 'string', format: 'binary' } },
    })
  })

  test('schemas: names, discriminators, null, references by any pointer', () => {
    const schemas = at(result, '/components/schemas') as JsonObject
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['Pet', 'Cat', 'Page_Pet_', 'Page_Pet__2', 'ApiError', 'Inline1']))
    expect(schemas['Pet']).toMatchObject({
      discriminator: { propertyName: 'kind' },
      properties: { nick: { type: 'string', nullable: true }, parent: { $ref: '#/components/schemas/Pet' } },
      example: { name: 'Rex' },
    })
    expect(schemas['Cat']).toMatchObject({ allOf: [{ $ref: '#/components/schemas/Pet' }, { type: 'object' }] })
    expect(schemas['Page_Pet_']).toMatchObject({ properties: { first: { $ref: '#/components/schemas/Pet/properties/name' } } })
    expect(schemas['Inline1']).toEqual({ type: 'object', properties: { code: { type: 'integer' } } })
  })

  test('security', () => {
    expect(at(result, '/components/securitySchemes')).toEqual({
      basic: { type: 'http', scheme: 'basic', description: 'name and password' },
      key: { type: 'apiKey', name: 'api_key', in: 'header' },
      code: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: 'https://a.example.com/auth',
            tokenUrl: 'https://a.example.com/token',
            scopes: { 'write:pets': 'change' },
          },
        },
      },
      machine: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://a.example.com/token', scopes: {} } } },
    })
    expect(result).toMatchObject({ security: [{ key: [] }] })
  })

  test('nothing of its head and its extensions is lost, and the original stays', () => {
    expect(result).toMatchObject({ info: petstore['info'], tags: petstore['tags'], 'x-team': 'pets' })
    expect(at(result, '/paths/~1pet/post')).toMatchObject({ operationId: 'addPet', tags: ['pet'], summary: 'Adds', 'x-rate-limit': 5 })
    expect(openApi3(petstore)).toBe(openApi3(petstore))
    expect(petstore['swagger']).toBe('2.0')
  })
})

test('a reference inside an example is data', () => {
  const example = { $ref: '#/definitions/A', discriminator: 'x' }
  const result = converted({ swagger: '2.0', paths: {}, definitions: { A: { example, default: example, enum: [example] } } })
  expect(at(result, '/components/schemas/A')).toEqual({ example, default: example, enum: [example] })
})

test('a converted document takes part in the merged one', async () => {
  const document = await merge(service('pets', openApi3(petstore)))
  expect(document.paths['/pets/pet']!['post']).toMatchObject({ operationId: 'pets_addPet', requestBody: { required: true } })
  expect(Object.keys(document.components['schemas']!)).toContain('pets_Page_Pet_')
})

test('hostile documents: circles, names, endless lists', () => {
  const hostile = JSON.parse(
    `{"swagger":"2.0","info":{"title":"x","version":"1"},
      "paths":{"/a":{"post":{"parameters":[{"$ref":"#/parameters/loop"},{"$ref":"http://evil/x"},{"name":"b","in":"body","schema":{"$ref":"#/definitions/__proto__"}}],
        "responses":{"200":{"description":"ok","schema":{"$ref":"#/paths/~1a/post/responses/200/schema"}}}}}},
      "parameters":{"loop":{"$ref":"#/parameters/loop"}},
      "definitions":{"__proto__":{"type":"object","properties":{"constructor":{"$ref":"#/definitions/__proto__"}}}}}`,
  ) as JsonObject
  const result = convertSwagger2(hostile)
  expect(Object.keys((result['components'] as JsonObject)['schemas'] as JsonObject)).toContain('__proto__')
  expect(({} as JsonObject)['type']).toBeUndefined()
  expect(refsOf(result).filter((ref) => ref.startsWith('#/components/schemas/__proto__'))).toHaveLength(2)
  const many = converted({ ...petstore, consumes: Array.from({ length: 5000 }, (_, i) => `application/x${i}`) })
  expect(Object.keys(at(many, '/components/requestBodies/PetBody/content') as JsonObject)).toHaveLength(20)
})

test('[R38] names of other alphabets, and bodies that many operations share, cost no more than they are long', () => {
  const names = Array.from({ length: 60_000 }, (_, i) => String.fromCodePoint(0x4e00 + (i % 20_000), 0x4e00 + Math.floor(i / 20_000)))
  const definitions = Object.fromEntries(names.map((name) => [name, {}]))
  expect(Object.keys(at(converted({ swagger: '2.0', paths: {}, definitions }), '/components/schemas') as JsonObject)).toHaveLength(60_000)
  const properties = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`p${i}`, { type: 'string' }]))
  const post = { consumes: ['application/json'], parameters: [{ $ref: '#/parameters/body' }], responses: {} }
  const shared = {
    swagger: '2.0',
    paths: Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`/p${i}`, { post }])),
    parameters: { body: { name: 'body', in: 'body', schema: { type: 'object', properties } } },
  }
  expect(() => adaptOpenApi(shared, LIMITS)).toThrow('as OpenAPI 3, it has more than')
})
