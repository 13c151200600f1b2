import type { JsonObject } from '../../json.ts'

const pet = { $ref: '#/definitions/Pet' }
const list = (name: string, collectionFormat?: string): JsonObject => ({
  name,
  in: 'query',
  type: 'array',
  items: { type: 'string' },
  ...(collectionFormat === undefined ? {} : { collectionFormat }),
})
const ok = { '200': { description: 'ok' } }

/** A Swagger 2.0 document with one of everything. */
export const petstore: JsonObject = {
  swagger: '2.0',
  info: { title: 'Pets', version: '1.0.0', description: 'A store', license: { name: 'MIT' } },
  host: 'petstore.example.com',
  basePath: '/v2',
  schemes: ['https'],
  consumes: ['application/json'],
  produces: ['application/json'],
  tags: [{ name: 'pet', description: 'Everything about pets' }],
  security: [{ key: [] }],
  'x-team': 'pets',
  paths: {
    '/pet': {
      post: {
        tags: ['pet'],
        summary: 'Adds',
        operationId: 'addPet',
        consumes: ['application/json', 'application/xml'],
        parameters: [{ in: 'body', name: 'body', description: 'Pet to add', required: true, schema: pet }],
        responses: { '405': { description: 'Invalid input' } },
        security: [{ code: ['write:pets'] }],
        'x-rate-limit': 5,
      },
      put: { operationId: 'updatePet', parameters: [{ $ref: '#/parameters/PetBody' }], responses: ok },
    },
    '/pet/findByStatus': {
      get: {
        operationId: 'findPets',
        parameters: [
          { $ref: '#/parameters/Limit' },
          list('status', 'multi'),
          list('ids'),
          list('spaced', 'ssv'),
          list('piped', 'pipes'),
          list('tabbed', 'tsv'),
        ],
        responses: { '200': { description: 'ok', schema: { type: 'array', items: pet } } },
        deprecated: true,
      },
    },
    '/pet/{petId}': {
      parameters: [{ name: 'petId', in: 'path', required: true, description: 'Which pet', type: 'integer', format: 'int64', minimum: 1 }],
      get: {
        operationId: 'getPet',
        produces: ['application/json', 'application/xml'],
        responses: {
          '200': {
            description: 'found',
            schema: pet,
            headers: { 'X-Rate-Limit': { type: 'integer', description: 'left' } },
            examples: { 'application/json': { name: 'Rex' } },
          },
          '404': { $ref: '#/responses/NotFound' },
          default: { description: '', 'x-why': 1 },
        },
      },
      post: {
        operationId: 'renamePet',
        consumes: ['application/x-www-form-urlencoded'],
        parameters: [{ name: 'name', in: 'formData', type: 'string' }],
        responses: ok,
      },
      delete: {
        operationId: 'deletePet',
        parameters: [{ name: 'api_key', in: 'header', type: 'string' }],
        responses: { '204': { description: 'gone' } },
      },
    },
    '/pet/{petId}/uploadImage': {
      post: {
        operationId: 'uploadFile',
        consumes: ['multipart/form-data'],
        parameters: [
          { name: 'petId', in: 'path', required: true, type: 'integer' },
          { name: 'note', in: 'formData', type: 'string', description: 'Additional data', maxLength: 80 },
          { name: 'tags', in: 'formData', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' },
          { name: 'file', in: 'formData', type: 'file', required: true },
        ],
        responses: { '200': { description: 'ok', schema: { $ref: '#/responses/NotFound/schema' } } },
      },
    },
    '/store/inventory': {
      get: {
        produces: ['text/csv'],
        responses: {
          '200': { description: 'all', schema: { type: 'file' } },
          '500': { description: 'x', schema: { $ref: '#/definitions/Api~1Error' } },
        },
      },
    },
  },
  parameters: {
    Limit: { name: 'limit', in: 'query', type: 'integer', default: 20, maximum: 100 },
    PetBody: { name: 'pet', in: 'body', required: true, schema: pet },
  },
  responses: { NotFound: { description: 'Nobody', schema: { type: 'object', properties: { code: { type: 'integer' } } } } },
  securityDefinitions: {
    basic: { type: 'basic', description: 'name and password' },
    key: { type: 'apiKey', name: 'api_key', in: 'header' },
    code: {
      type: 'oauth2',
      flow: 'accessCode',
      authorizationUrl: 'https://a.example.com/auth',
      tokenUrl: 'https://a.example.com/token',
      scopes: { 'write:pets': 'change' },
    },
    machine: { type: 'oauth2', flow: 'application', tokenUrl: 'https://a.example.com/token', scopes: {} },
  },
  definitions: {
    Pet: {
      type: 'object',
      discriminator: 'kind',
      required: ['name', 'kind'],
      properties: {
        name: { type: 'string' },
        kind: { type: 'string' },
        nick: { type: 'string', 'x-nullable': true },
        parent: pet,
        attributes: { type: 'object', additionalProperties: pet },
      },
      example: { name: 'Rex' },
    },
    Cat: { allOf: [pet, { type: 'object', properties: { lives: { type: 'integer' } } }] },
    'Page«Pet»': {
      type: 'object',
      properties: { items: { type: 'array', items: pet }, first: { $ref: '#/definitions/Pet/properties/name' } },
    },
    'Page[Pet]': { type: 'object', properties: { page: { $ref: '#/definitions/Page«Pet»' } } },
    'Api/Error': { type: 'object' },
    ApiError: { type: 'object' },
  },
}
