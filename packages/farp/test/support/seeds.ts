import type { Seed } from './mutator.ts'

const openapi = {
  openapi: '3.1.0',
  info: { title: 'Seed', version: '1' },
  servers: [{ url: '/api' }],
  security: [{ bearer: ['read'] }],
  paths: {
    '/a': {
      get: {
        operationId: 'a',
        tags: ['t'],
        parameters: [{ $ref: '#/components/parameters/P' }],
        responses: { 200: { $ref: '#/components/responses/R' } },
      },
    },
    '/a/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true }],
      put: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } } },
      delete: { deprecated: true },
    },
    '/b/{name}.json': { post: { 'x-farp': { idempotent: true, timeout_hint: '5s' }, callbacks: { on: { '{$url}': { post: {} } } } } },
  },
  components: {
    schemas: {
      A: { type: 'object', properties: { a: { $ref: '#/components/schemas/B' } } },
      B: { oneOf: [{ $ref: '#/components/schemas/A' }], discriminator: { propertyName: 't', mapping: { a: '#/components/schemas/A' } } },
    },
    parameters: { P: { name: 'p', in: 'query', schema: { $ref: '#/components/schemas/B' } } },
    responses: { R: { description: 'r', links: { l: { operationId: 'a' } } } },
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
  },
}
const swagger = {
  swagger: '2.0',
  info: { title: 'Old', version: '1' },
  basePath: '/v2',
  paths: {
    '/pets/{id}': {
      get: {
        parameters: [
          { in: 'path', name: 'id', type: 'string' },
          { in: 'body', name: 'b', schema: { $ref: '#/definitions/Pet' } },
        ],
        responses: { 200: { schema: { $ref: '#/definitions/Pet' } } },
      },
    },
  },
  definitions: { Pet: { type: 'object', properties: { owner: { $ref: '#/definitions/Pet' } } } },
}
const asyncapi3 = {
  asyncapi: '3.0.0',
  info: { title: 'Chat', version: '1' },
  servers: { s: { host: 'localhost', protocol: 'ws' } },
  channels: { chat: { address: '/chat/{room}', messages: { m: { $ref: '#/components/messages/M' } }, parameters: { room: {} } } },
  operations: { send: { action: 'send', channel: { $ref: '#/channels/chat' } } },
  components: { messages: { M: { payload: { type: 'object' } } } },
}
const asyncapi2 = {
  asyncapi: '2.6.0',
  info: { title: 'Old chat', version: '1' },
  channels: { '/chat': { subscribe: { message: { $ref: '#/components/messages/M' } }, publish: { message: { payload: {} } } } },
  components: { messages: { M: { payload: { $ref: '#/components/schemas/S' } } }, schemas: { S: { type: 'string' } } },
}
const orpc = {
  orpc: '1.0.0',
  info: { title: 'R', version: '1' },
  procedures: { 'a.b': { input: {}, output: {} }, s: { streaming: true } },
  transport: { protocol: 'http', endpoint: '/rpc' },
}
const graphql = 'type Query { a(b: Int = 1): A @deprecated } type A { id: ID! next: [A!]! } type Subscription { a: A }'
const grpc = {
  file: [
    {
      name: 'a.proto',
      package: 'a.v1',
      syntax: 'proto3',
      messageType: [{ name: 'M', field: [{ name: 'id', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING' }] }],
      service: [{ name: 'S', method: [{ name: 'Get', inputType: '.a.v1.M', outputType: '.a.v1.M', serverStreaming: true }] }],
    },
  ],
}
/** A `FileDescriptorSet` with one file, a message and a service. */
const binary = Uint8Array.from(Buffer.from('0a2d0a0762.70726f746f12027632'.replace('.', ''), 'hex'))

const manifestOf = (schemas: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  version: '1.0.0',
  service_name: 'svc0',
  service_version: 'v1.2.3',
  instance_id: 'i-1',
  instance: {
    address: '10.0.0.1:8000',
    weight: 50,
    status: 'healthy',
    role: 'primary',
    deployment: { strategy: 'canary', traffic_percent: 10 },
  },
  schemas,
  capabilities: ['rest'],
  endpoints: { health: '/health', graphql: '/graphql' },
  routing: {
    strategy: 'custom',
    base_path: '/deep/er',
    priority: 50,
    tags: ['t'],
    rewrite: [{ pattern: '^/v1/(.*)$', replacement: '/$1' }],
    path_rules: [{ pattern: '/a/**', action: 'include' }],
  },
  auth: {
    schemes: [{ type: 'bearer', config: { issuer: 'x' } }],
    public_routes: ['/a/*'],
    access_control: [{ path: '/a', methods: ['GET'], roles: ['r'] }],
  },
  webhook: {
    service_webhook: 'http://10.0.0.1:8000/farp/webhook',
    secret: 's',
    subscribe_events: ['config.updated'],
    retry: { max_attempts: 0 },
  },
  hints: { recommended_timeout: '5s', retry_policy: { max_attempts: 3 } },
  checksum: 'x',
  ...more,
})
const at = (type: string, path: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  type,
  spec_version: '1',
  location: { type: 'http', url: path },
  content_type: 'application/json',
  ...more,
})

/** One service for each language, and one of everything. */
export const SEEDS: readonly Seed[] = [
  { manifest: manifestOf([at('openapi', '/openapi.json')]), documents: new Map([['/openapi.json', openapi]]) },
  {
    manifest: manifestOf([at('openapi', '/swagger.json')], { routing: { strategy: 'subdomain', subdomain: 'shop' } }),
    documents: new Map([['/swagger.json', swagger]]),
  },
  {
    manifest: manifestOf([at('asyncapi', '/asyncapi.json')], { routing: { strategy: 'versioned' } }),
    documents: new Map([['/asyncapi.json', asyncapi3]]),
  },
  {
    manifest: manifestOf([at('asyncapi', '/old.json')], { routing: { strategy: 'instance' } }),
    documents: new Map([['/old.json', asyncapi2]]),
  },
  {
    manifest: manifestOf([at('orpc', '/orpc.json', { metadata: { orpc: { batch_enabled: true } } })]),
    documents: new Map([['/orpc.json', orpc]]),
  },
  {
    manifest: manifestOf([at('graphql', '/schema.graphql', { metadata: { graphql: { subscriptions_enabled: true, depth_limit: 3 } } })]),
    documents: new Map([['/schema.graphql', graphql]]),
  },
  { manifest: manifestOf([at('grpc', '/grpc.json')]), documents: new Map([['/grpc.json', grpc]]) },
  {
    manifest: manifestOf([at('grpc', '/grpc.bin', { content_type: 'application/x-protobuf' })]),
    documents: new Map([['/grpc.bin', binary]]),
  },
  {
    manifest: manifestOf(
      [
        at('openapi', '', {
          location: { type: 'inline' },
          inline_schema: openapi,
          compatibility: { mode: 'backward', deprecations: [{ path: '/a' }] },
        }),
        at('thrift', '/thrift.json'),
      ],
      {
        route_table: [
          { path: '/t/{id}', methods: ['GET', 'POST'], timeout: '1s', public: true },
          { path: '/ws', protocol: 'websocket' },
        ],
        routes: [{ path: '/a', method: 'GET', idempotent: true }],
      },
    ),
    documents: new Map([['/thrift.json', { thrift_version: '0.19.0', services: [] }]]),
  },
]
