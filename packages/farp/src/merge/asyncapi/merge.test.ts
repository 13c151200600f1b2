import { describe, expect, test } from 'vitest'
import { asyncService, complaintsOf, mergeAsync } from '../../testing/merging-asyncapi.ts'
import { mergeAsyncApi } from './merge.ts'
import { toVersion3 } from './convert.ts'
import { vectors } from '../../testing/vectors.ts'
import type { JsonObject } from '../../json.ts'
import type { MergedAsync } from '../../testing/merging-asyncapi.ts'

const ref = (text: string): JsonObject => ({ $ref: text })

/** A version 3 document with everything in it. */
const chat: JsonObject = {
  asyncapi: '3.0.0',
  info: { title: 'Chat', version: '1', tags: [{ name: 'chat', externalDocs: { url: 'https://example.com' } }] },
  defaultContentType: 'application/json',
  servers: { prod: { host: 'chat.internal:9000', protocol: 'ws', security: [ref('#/components/securitySchemes/token')] } },
  channels: {
    room: {
      address: '/rooms/{id}',
      parameters: { id: ref('#/components/parameters/Id') },
      messages: { said: ref('#/components/messages/Said'), left: { payload: { type: 'string' }, headers: ref('#/components/schemas/H') } },
      servers: [ref('#/servers/prod')],
      bindings: { ws: { query: { type: 'object', properties: { k: ref('#/components/schemas/Key') } } } },
      tags: [ref('#/components/tags/room')],
      'x-room': { $ref: 'data' },
    },
    shared: ref('#/components/channels/Shared'),
    back: { address: null, messages: { answer: { payload: { type: 'object' } } } },
    internal: { address: 'orders.created', messages: { m: { payload: true } } },
  },
  operations: {
    say: {
      action: 'receive',
      channel: ref('#/channels/room'),
      messages: [ref('#/channels/room/messages/said')],
      traits: [ref('#/components/operationTraits/Logged')],
      reply: {
        address: { location: '$message.header#/replyTo' },
        channel: ref('#/channels/back'),
        messages: [ref('#/channels/back/messages/answer')],
      },
    },
    hear: {
      action: 'send',
      channel: ref('#/channels/room'),
      security: [ref('#/components/securitySchemes/key')],
      messages: [ref('#/channels/room/messages/left')],
    },
    publish: { action: 'send', channel: ref('#/channels/internal') },
    use: { action: 'send', channel: ref('#/channels/shared') },
  },
  components: {
    channels: {
      Shared: {
        address: '/shared',
        messages: {
          s: {
            payload: {
              schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0',
              schema: { type: 'record', name: 'R', fields: [], $ref: 'avro' },
            },
          },
        },
      },
    },
    parameters: { Id: { description: 'which', enum: ['a', 'b'] } },
    messages: {
      Said: {
        payload: { schemaFormat: 'application/vnd.aai.asyncapi+json;version=3.0.0', schema: ref('#/components/schemas/Text') },
        correlationId: ref('#/components/correlationIds/Cid'),
        examples: [{ payload: { $ref: '#/not/a/reference' } }],
        'x-said': 1,
      },
    },
    schemas: {
      Text: { type: 'object', properties: { text: { type: 'string' }, parent: ref('#/components/schemas/Text') } },
      H: { type: 'object', properties: { a: ref('#/components/schemas/Key') } },
      Key: { type: 'string' },
    },
    correlationIds: { Cid: { location: '$message.header#/cid' } },
    operationTraits: { Logged: { tags: [{ name: 'logged' }], bindings: ref('#/components/operationBindings/B') } },
    operationBindings: { B: { kafka: { groupId: { type: 'string' } } } },
    tags: { room: { name: 'room' } },
    securitySchemes: { token: { type: 'http', scheme: 'bearer' }, key: { type: 'httpApiKey', in: 'query', name: 'k' } },
  },
}

/** The same in the words of version 2. */
const news: JsonObject = {
  asyncapi: '2.6.0',
  info: { title: 'News', version: '1' },
  tags: [{ name: 'news' }],
  id: 'urn:news',
  servers: { prod: { url: 'wss://news.internal/base', protocol: 'wss', security: [{ token: [] }], variables: {} } },
  channels: {
    '/topics/{topic}': {
      description: 'a topic',
      parameters: { topic: { description: 'one', schema: { type: 'string', enum: ['a', 'b'], default: 'a', pattern: '^[a-z]$' } } },
      servers: ['prod'],
      subscribe: {
        operationId: 'onNews',
        security: [{ oauth: ['read'] }],
        message: {
          oneOf: [
            ref('#/components/messages/Item'),
            { messageId: 'gone', payload: { type: 'null' }, traits: [ref('#/components/messageTraits/T')] },
          ],
        },
        traits: [{ operationId: 'traited', tags: [{ name: 'x' }] }],
      },
      publish: {
        message: {
          name: 'ask',
          schemaFormat: 'application/schema+json;version=draft-07',
          payload: ref('#/components/schemas/Ask'),
          headers: { type: 'object' },
        },
      },
      bindings: { ws: { method: 'GET' } },
    },
    '/ping': { publish: { summary: 'no message' } },
  },
  components: {
    messages: { Item: { messageId: 'item', contentType: 'application/json', payload: ref('#/components/schemas/Ask') } },
    messageTraits: { T: { headers: { type: 'object', properties: {} } } },
    schemas: { Ask: { type: 'object', properties: { first: ref('#/channels/~1topics~1{topic}/publish/message/headers') } } },
    securitySchemes: {
      token: { type: 'http', scheme: 'basic' },
      oauth: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://x/t', scopes: { read: 'r' } } } },
    },
  },
}

describe('version 3', () => {
  const merged = mergeAsync(asyncService('chat', chat, { only: ['/rooms/{id}', '/shared'] }))

  test('routed channels are where the gateway has them, on its own servers', () => {
    expect(Object.keys(merged.channels).sort()).toEqual(['chat.back', 'chat.room', 'chat.shared'])
    expect(merged.channels['chat.room']).toMatchObject({
      address: '/chat/rooms/{id}',
      servers: [ref('#/servers/gateway')],
      parameters: { id: ref('#/components/parameters/chat_Id') },
      messages: { said: ref('#/components/messages/chat_Said') },
      bindings: { ws: { query: { properties: { k: ref('#/components/schemas/chat_Key') } } } },
      tags: [ref('#/components/tags/chat_room')],
      'x-room': { $ref: 'data' },
    })
    expect(merged.channels['chat.back']).toMatchObject({ address: null })
    expect(Object.keys(merged.servers)).toEqual(['gateway'])
    expect(JSON.stringify(merged)).not.toContain('chat.internal')
  })

  test('operations follow their channels, with replies and the security of their servers', () => {
    expect(Object.keys(merged.operations)).toEqual(['chat_say', 'chat_hear', 'chat_use'])
    expect(merged.operations['chat_say']).toEqual({
      action: 'receive',
      channel: ref('#/channels/chat.room'),
      messages: [ref('#/channels/chat.room/messages/said')],
      traits: [ref('#/components/operationTraits/chat_Logged')],
      reply: {
        address: { location: '$message.header#/replyTo' },
        channel: ref('#/channels/chat.back'),
        messages: [ref('#/channels/chat.back/messages/answer')],
      },
      security: [ref('#/components/securitySchemes/token')],
    })
    expect(merged.operations['chat_hear']!['security']).toEqual([ref('#/components/securitySchemes/key')])
  })

  test('components keep everything; data that looks like a reference is none', () => {
    const { messages, schemas } = merged.components
    expect(messages!['chat_Said']).toEqual({
      payload: { schemaFormat: 'application/vnd.aai.asyncapi+json;version=3.0.0', schema: ref('#/components/schemas/chat_Text') },
      correlationId: ref('#/components/correlationIds/chat_Cid'),
      examples: [{ payload: { $ref: '#/not/a/reference' } }],
      'x-said': 1,
      contentType: 'application/json',
    })
    expect(schemas!['chat_Text']).toMatchObject({ properties: { parent: ref('#/components/schemas/chat_Text') } })
    const { messages: avro } = merged.channels['chat.shared'] as { messages: { s: { payload: { schema: JsonObject } } } }
    expect(avro.s.payload.schema['$ref']).toBe('avro')
    expect(merged.info['tags']).toEqual([{ name: 'chat', externalDocs: { url: 'https://example.com' } }])
  })

  test('what is not routed is told', () => {
    const { warnings, included } = mergeAsyncApi([asyncService('chat', chat, { only: ['/rooms/{id}', '/shared'] })])
    expect(included).toEqual(['chat'])
    expect(warnings).toEqual(['chat: 1 of 4 channels are not routed and not shown'])
  })
})

describe('version 2', () => {
  const merged = mergeAsync(asyncService('news', news))

  test('channels keep their names, and get operations and messages of their own', () => {
    expect(merged.channels['news./topics/{topic}']).toMatchObject({
      address: '/news/topics/{topic}',
      description: 'a topic',
      parameters: { topic: { description: 'one', enum: ['a', 'b'], default: 'a', 'x-schema': { pattern: '^[a-z]$' } } },
      messages: {
        Item: ref('#/components/messages/news_Item'),
        gone: { 'x-messageId': 'gone', payload: { type: 'null' }, traits: [ref('#/components/messageTraits/news_T')] },
        ask: {
          name: 'ask',
          payload: { schemaFormat: 'application/schema+json;version=draft-07', schema: ref('#/components/schemas/news_Ask') },
        },
      },
      bindings: { ws: { method: 'GET' } },
    })
  })

  test('what clients subscribe to is sent, what they publish is received', () => {
    const channel = ref('#/channels/news.~1topics~1%7Btopic%7D')
    expect(merged.operations['news_onNews']).toMatchObject({
      action: 'send',
      channel,
      messages: ['Item', 'gone'].map((id) => ref(`${channel['$ref'] as string}/messages/${id}`)),
      traits: [{ 'x-operationId': 'traited', tags: [{ name: 'x' }] }],
      security: [{ type: 'oauth2', scopes: ['read'], flows: { clientCredentials: { availableScopes: { read: 'r' } } } }],
    })
    expect(merged.operations['news_/topics/{topic}.publish']).toMatchObject({
      action: 'receive',
      security: [ref('#/components/securitySchemes/token')],
    })
    expect(merged.operations['news_/ping.publish']).toMatchObject({ action: 'receive', summary: 'no message' })
  })

  test('a reference into the old form is kept alive', () => {
    const { properties } = merged.components['schemas']!['news_Ask'] as { properties: { first: { $ref: string } } }
    expect(properties.first.$ref).toMatch(/^#\/components\/schemas\/news_/)
  })
})

test('the parser of the AsyncAPI initiative accepts what is merged, and what is converted', async () => {
  // The parser takes data that looks like a reference for one.
  const plain = JSON.parse(JSON.stringify(chat).replaceAll(/,?"\$ref":"(?:data|avro|#\/not\/a\/reference)"/g, '')) as JsonObject
  const services = [
    asyncService('chat', plain, { only: ['/rooms/{id}', '/shared'] }),
    asyncService('news', news, { protocol: 'sse', host: 'news.*', prefix: '' }),
    asyncService('second', news, { mounts: ['/a-1', '/a-2'] }),
  ]
  expect(await complaintsOf(mergeAsync(...services))).toEqual([])
  const { components, ...rest } = toVersion3(news) as { components: { schemas: { Ask: object } } }
  expect(await complaintsOf({ ...rest, components: { ...components, schemas: { Ask: {} } } })).toEqual([])
  // It does notice mistakes.
  expect(await complaintsOf({ asyncapi: '3.0.0', info: { title: 'x' } })).not.toEqual([])
})

test('vector merged-asyncapi', () => {
  const vector = vectors<{
    input: JsonObject
    input_service: string
    merged: MergedAsync
    gateway_why: string
    gateway_expected: JsonObject
  }>('merged-asyncapi')
  const { document, included, excluded } = mergeAsyncApi([asyncService(vector.input_service, vector.input)])
  const { asyncapi, info, channels, operations, components, servers } = JSON.parse(JSON.stringify(document)) as MergedAsync
  // Names are the reference's.
  expect(Object.keys(channels)).toEqual(Object.keys(vector.merged.channels))
  for (const section of ['messages', 'schemas']) expect(components[section]).toEqual(vector.merged.components[section])
  const refOf = (item: unknown): unknown => (item as JsonObject)['$ref']
  expect({
    asyncapi,
    info,
    channels: Object.fromEntries(
      Object.entries(channels).map(([id, item]) => [id, { address: item['address'], servers: (item['servers'] as unknown[]).map(refOf) }]),
    ),
    operations: Object.fromEntries(
      Object.entries(operations).map(([id, item]) => [id, { action: item['action'], channel: refOf(item['channel']) }]),
    ),
    messages: Object.keys(components['messages']!),
    schemas: Object.keys(components['schemas']!),
    servers: Object.keys(servers),
    included,
    excluded,
  }).toEqual(vector.gateway_expected)
  expect(vector.gateway_why).toMatch(/\w/)
  // The reference panics here.
  const schemes = { ...vector.input, components: { securitySchemes: { a: { type: 'http', scheme: 'basic' } } } }
  expect(mergeAsync(asyncService('chat-service', schemes)).components).toEqual({
    securitySchemes: { a: { type: 'http', scheme: 'basic' } },
  })
})

test('security schemes keep their names until they differ, and requirements follow', () => {
  const merged = mergeAsync(asyncService('a', chat), asyncService('b', news))
  expect(Object.keys(merged.components['securitySchemes']!).sort()).toEqual(['b_token', 'key', 'oauth', 'token'])
  expect(merged.operations['b_/ping.publish']!['security']).toEqual([ref('#/components/securitySchemes/b_token')])
})

test('channels of one address belong to the service that is routed', () => {
  const simple = { channels: { c: { address: '/c', messages: {} } } }
  const { document, conflicts } = mergeAsyncApi([
    asyncService('a', simple, { prefix: '' }),
    asyncService('b', simple, { prefix: '', priority: 60 }),
  ])
  expect(Object.keys(document['channels'] as object)).toEqual(['b.c'])
  expect(conflicts).toMatchObject([{ type: 'channel', item: '/c', services: ['b', 'a'] }])
})

test('[R38] names such as __proto__ are names', () => {
  const hostile = JSON.parse(
    '{"channels":{"__proto__":{"address":"/p","messages":{"__proto__":{"payload":{"$ref":"#/components/schemas/__proto__"}}}}},' +
      '"operations":{"constructor":{"action":"send","channel":{"$ref":"#/channels/__proto__"}}},"components":{"schemas":{"__proto__":{"type":"object"}}}}',
  ) as JsonObject
  const merged = mergeAsync(asyncService('a', hostile))
  expect(merged.channels['a.__proto__']).toMatchObject({ address: '/a/p' })
  expect(merged.operations['a_constructor']).toMatchObject({ channel: ref('#/channels/a.__proto__') })
  expect(Object.keys(merged.components['schemas']!)).toEqual(['a___proto__'])
  expect(({} as Record<string, unknown>)['type']).toBeUndefined()
})

test('what is missing gets a stand-in; the order of services does not matter; what is no AsyncAPI stays out', () => {
  const broken = { channels: { c: { address: '/c', messages: { m: ref('#/components/messages/Gone') } } } }
  mergeAsync(asyncService('a', broken))
  const services = [asyncService('a', chat), asyncService('b', news), asyncService('c', broken)]
  const texts = [services, services.toReversed()].map((order) => JSON.stringify(mergeAsyncApi(order)))
  expect(texts[0]).toBe(texts[1])
  const { excluded } = mergeAsyncApi([asyncService('a', { asyncapi: '1.2.0' })])
  expect(excluded).toEqual([{ service: 'a', reason: 'it is no AsyncAPI 2 or 3 document (1.2.0)' }])
})

test('[R38] a chain of references, or one name for everything, does not take the document away from the others', () => {
  const chain = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, { allOf: [{ $ref: `#/x-parts/s${i + 1}` }] }]))
  const messages = { a: { payload: { $ref: '#/x-parts/s0' } } }
  const three = asyncService('three', { channels: { a: { address: '/a', messages } }, 'x-parts': { ...chain, s20000: {} } })
  const oneOf = Array.from({ length: 10_000 }, (_, i) => ({ name: 'same', payload: { const: i } }))
  const two = asyncService('two', { asyncapi: '2.6.0', channels: { '/a': { subscribe: { message: { oneOf } } } } })
  const { document } = mergeAsyncApi([three, two, asyncService('users', { channels: { a: { address: '/a' } } })])
  expect(Object.keys(document['channels'] as object).sort()).toEqual(['three.a', 'two./a', 'users.a'])
})
