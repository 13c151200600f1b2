import type { JsonObject } from '../json.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const

const ref = (section: string, name: string): JsonObject => ({ $ref: `#/components/${section}/${name}` })

/**
 * An OpenAPI 3.1 document with at least `operations` operations that between them use everything the language has: parameters of every kind, bodies,
 * responses, headers, schemas with discriminators, examples, links, callbacks, webhooks, security, extensions. The same numbers make the same document.
 */
export function largeOpenApi(seed: number, operations: number): JsonObject {
  const paths: Record<string, unknown> = {}
  const schemas: Record<string, unknown> = {}
  const count = Math.ceil(operations / METHODS.length)
  for (let index = 0; index < count; index++) {
    schemas[`Thing${index}`] = thing(index, seed)
    paths[`/things${index}/{id}/parts`] = item(index, seed)
  }
  return {
    openapi: '3.1.0',
    info: { title: `Large ${seed}`, version: '1', 'x-info': seed },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    security: [{ token: [] }],
    tags: Array.from({ length: 20 }, (_, index) => ({
      name: `tag${index}`,
      description: `Tag ${index}`,
      externalDocs: { url: 'https://example.com' },
      'x-tag': index,
    })),
    paths,
    webhooks: {
      happened: {
        post: { operationId: 'happened', requestBody: ref('requestBodies', 'Shared'), responses: { '200': ref('responses', 'Good') } },
      },
    },
    components: { schemas: { ...schemas, ...sharedSchemas(count) }, ...shared(seed) },
  }
}

function item(index: number, seed: number): JsonObject {
  const operations = METHODS.map((method, at) => [method, operation(index, { seed, method, at })] as const)
  return { summary: `Path ${index}`, 'x-path': { $ref: 'data' }, ...Object.fromEntries(operations) }
}

function operation(
  index: number,
  { seed, method, at }: { readonly seed: number; readonly method: string; readonly at: number },
): JsonObject {
  const number = index * METHODS.length + at
  const next = `get_${index === 0 ? 0 : index - 1}`
  return {
    operationId: `${method}_${index}`,
    summary: `Operation ${number} of ${seed}`,
    description: 'x'.repeat(number % 50),
    tags: [`tag${number % 20}`, `tag${(number + 7) % 20}`],
    deprecated: number % 5 === 0,
    externalDocs: { url: `https://example.com/${number}` },
    parameters: [
      ref('parameters', 'Id'),
      { name: 'filter', in: 'query', style: 'deepObject', explode: true, schema: ref('schemas', `Thing${index}`), 'x-param': number },
      { name: 'X-Trace', in: 'header', schema: { type: 'string', pattern: '^[a-z]+$' }, example: `trace-${number}` },
      {
        name: 'session',
        in: 'cookie',
        content: { 'application/json': { schema: ref('schemas', 'Base'), examples: { one: ref('examples', 'One') } } },
      },
    ],
    ...(method === 'get' || method === 'head'
      ? {}
      : { requestBody: number % 2 === 0 ? ref('requestBodies', 'Shared') : body(index, number) }),
    responses: {
      '200': {
        description: `Fine ${number}`,
        headers: { 'X-Rate': ref('headers', 'Rate'), 'X-Own': { schema: { type: 'integer', minimum: number } } },
        content: {
          'application/json': {
            schema: { type: 'array', items: ref('schemas', `Thing${index}`) },
            examples: { big: { summary: `s${number}`, value: [{ $ref: 'data', number }] } },
          },
          'text/plain': { schema: { type: 'string' }, example: `plain ${number}` },
        },
        links: { again: { operationId: next, parameters: { id: '$response.body#/id' }, 'x-link': 1 }, shared: ref('links', 'Self') },
      },
      '4XX': ref('responses', 'Bad'),
      default: ref('responses', 'Good'),
      'x-responses': number,
    },
    callbacks: number % 3 === 0 ? { done: callback(number), shared: ref('callbacks', 'Done') } : { shared: ref('callbacks', 'Done') },
    security: number % 4 === 0 ? [{ oauth: ['read', `write${number}`], token: [] }, {}] : [{ key: [] }],
    'x-operation': { nested: [{ $ref: '#/components/schemas/Base' }, number] },
  }
}

function body(index: number, number: number): JsonObject {
  return {
    required: true,
    description: `Body ${number}`,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: { file: { type: 'string', contentMediaType: 'image/png' }, meta: ref('schemas', `Thing${index}`) },
        },
        encoding: { file: { contentType: 'image/png', headers: { 'X-Part': ref('headers', 'Rate') }, 'x-encoding': number } },
      },
    },
  }
}

function callback(number: number): JsonObject {
  return {
    '{$request.body#/url}': {
      post: {
        operationId: `called_${number}`,
        requestBody: ref('requestBodies', 'Shared'),
        responses: { '204': { description: 'thanks' } },
      },
    },
  }
}

function thing(index: number, seed: number): JsonObject {
  return {
    type: 'object',
    required: ['id'],
    allOf: [ref('schemas', 'Base')],
    properties: {
      id: { type: ['string', 'null'], examples: [`${seed}-${index}`], default: `d${index}` },
      next: ref('schemas', `Thing${index === 0 ? 0 : index - 1}`),
      self: ref('schemas', `Thing${index}`),
      $ref: { type: 'string' },
      choice: {
        oneOf: [ref('schemas', 'Cat'), ref('schemas', 'Dog')],
        discriminator: { propertyName: 'kind', mapping: { cat: '#/components/schemas/Cat', dog: 'Dog' } },
      },
      tuple: { type: 'array', prefixItems: [{ const: index }, ref('schemas', 'Base')], items: false },
      constant: { const: { $ref: '#/components/schemas/Base' } },
    },
    patternProperties: { '^x-': ref('schemas', 'Base') },
    additionalProperties: ref('schemas', 'Base'),
    if: { properties: { id: { const: 'a' } } },
    else: ref('schemas', 'Base'),
    $defs: { inner: { type: 'integer', exclusiveMinimum: index } },
    example: { $ref: 'data' },
    'x-thing': seed,
  }
}

function sharedSchemas(count: number): JsonObject {
  return {
    Base: { type: 'object', description: `One of ${count}`, unevaluatedProperties: true },
    Cat: { type: 'object', properties: { kind: { const: 'cat' } } },
    Dog: { type: 'object', properties: { kind: { const: 'dog' } } },
    Anything: true,
  }
}

function shared(seed: number): JsonObject {
  return {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: ref('schemas', 'Base'), 'x-id': seed } },
    requestBodies: { Shared: { content: { 'application/json': { schema: ref('schemas', 'Base'), example: { $ref: 'data' } } } } },
    responses: {
      Good: {
        description: 'good',
        content: { 'application/json': { schema: ref('schemas', 'Base') } },
        links: { self: ref('links', 'Self') },
      },
      Bad: { description: 'bad', headers: { 'X-Rate': ref('headers', 'Rate') }, 'x-bad': seed },
    },
    headers: { Rate: { description: 'rate', schema: { type: 'integer' } } },
    examples: { One: { summary: 'one', value: { $ref: '#/nowhere', seed } }, Far: { externalValue: 'https://example.com/one.json' } },
    links: { Self: { operationId: 'get_0', description: 'itself' } },
    callbacks: { Done: callback(-1) },
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer' },
      key: { type: 'apiKey', in: 'header', name: `X-Key-${seed}` },
      oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: `https://${seed}.example.com`, scopes: { read: 'r' } } } },
    },
    pathItems: { Reused: { get: { operationId: 'reused', responses: { '200': ref('responses', 'Good') } } } },
  }
}
