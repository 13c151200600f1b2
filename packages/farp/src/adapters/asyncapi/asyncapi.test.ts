import { describe, expect, test } from 'vitest'
import { asyncApiAdapter } from './asyncapi.ts'
import { LIMITS } from '../../limits.ts'
import type { AdaptedSchema } from '../adapter.ts'
import type { JsonObject } from '../../json.ts'

function adapt(document: JsonObject, metadata: JsonObject = {}): AdaptedSchema {
  return asyncApiAdapter.adapt(document, { limits: LIMITS, metadata, endpoint: undefined })
}

function lines({ operations }: AdaptedSchema): string[] {
  return operations.map(({ method, serverPrefix, pattern, protocol }) => `${method} ${serverPrefix}${pattern} ${protocol}`)
}

const two = (rest: JsonObject): JsonObject => ({ asyncapi: '2.6.0', info: { title: 't', version: '1' }, ...rest })
const three = (rest: JsonObject): JsonObject => ({ asyncapi: '3.0.0', info: { title: 't', version: '1' }, ...rest })

describe('version 2', () => {
  test('the key is the path; a missing slash is added', () => {
    const found = adapt(
      two({ channels: { '/chat/{room}': { subscribe: {}, publish: {} }, 'user.created': { subscribe: {} }, 'x-note': {} } }),
    )
    expect(lines(found)).toEqual(['GET /chat/{room} websocket', 'GET /user.created websocket'])
    expect(found.findings).toEqual([])
  })

  test("brokers' channels are no routes, each with a finding; a channel's own servers count", () => {
    const found = adapt(
      two({
        servers: { bus: { url: 'kafka:9092', protocol: 'kafka' }, edge: { url: 'wss://api.example.com', protocol: 'wss' } },
        channels: {
          orders: { servers: ['bus'], subscribe: {} },
          '/live': { servers: ['edge'], subscribe: {} },
          '/both': { subscribe: {} },
        },
      }),
    )
    expect(lines(found)).toEqual(['GET /live websocket', 'GET /both websocket'])
    expect(found.findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'CHANNEL_SKIPPED channel "orders" is not routed: its servers speak kafka',
    ])
  })

  test.each(['kafka', 'amqp', 'amqps', 'mqtt', 'secure-mqtt', 'nats', 'redis', 'sqs'])(
    'a document of %s alone has no routes',
    (protocol) => {
      const found = adapt(two({ servers: { a: { url: 'x:1', protocol } }, channels: { '/a': { subscribe: {} }, '/b': { publish: {} } } }))
      expect(found.operations).toEqual([])
      expect(found.findings).toHaveLength(2)
    },
  )

  test('without servers, bindings and the metadata of the descriptor tell brokers', () => {
    expect(adapt(two({ channels: { a: { bindings: { kafka: {} } } } })).operations).toEqual([])
    expect(adapt(two({ channels: { a: { subscribe: {} } } }), { protocol: 'mqtt' }).operations).toEqual([])
    expect(lines(adapt(two({ channels: { a: { subscribe: {} } } }), { protocol: 'ws' }))).toEqual(['GET /a websocket'])
  })

  test('over HTTP: events to the client are SSE, messages to the service a POST, both ways a WebSocket', () => {
    const servers = { a: { url: 'https://api.example.com', protocol: 'https' } }
    const found = adapt(
      two({ servers, channels: { '/events': { subscribe: {} }, '/in': { publish: {} }, '/chat': { publish: {}, subscribe: {} } } }),
    )
    expect(lines(found)).toEqual(['GET /events sse', 'POST /in rest', 'GET /chat websocket'])
  })

  test('a relative url is where the service has its channels; the path of an absolute one is not taken', () => {
    const at = (url: string, more: JsonObject = {}): AdaptedSchema =>
      adapt(two({ servers: { a: { url, protocol: 'ws', ...more } }, channels: { '/c': { subscribe: {} } } }))
    expect(lines(at('/api/'))).toEqual(['GET /api/c websocket'])
    expect(lines(at('/{stage}', { variables: { stage: { default: 'v1' } } }))).toEqual(['GET /v1/c websocket'])
    for (const url of ['wss://api.example.com/v2', 'api.example.com/v2', '/../x', '/{unknown}', '/a?b']) {
      expect(lines(at(url)), url).toEqual(['GET /c websocket'])
      expect(
        at(url).findings.map(({ code }) => code),
        url,
      ).toEqual(['SERVER_IGNORED'])
    }
    expect(at('wss://api.example.com/').findings).toEqual([])
  })

  test('what a channel carries', () => {
    const { operations } = adapt(
      two({
        servers: { a: { url: 'ws://x', protocol: 'ws', security: [{ key: [] }] } },
        channels: {
          '/a': {
            'x-a': 1,
            subscribe: { operationId: 'onA', summary: 'A', tags: [{ name: 't' }], 'x-b': 2 },
          },
          '/b': { publish: { operationId: 'sendB', security: [{ oauth: ['b'] }], 'x-deprecated': true } },
        },
      }),
    )
    expect(operations[0]).toMatchObject({
      operationId: 'onA',
      summary: 'A',
      tags: ['t'],
      security: [{ key: [] }],
      deprecated: false,
      extensions: { 'x-a': 1, 'x-b': 2 },
    })
    expect(operations[1]).toMatchObject({ operationId: 'sendB', security: [{ oauth: ['b'] }], deprecated: true })
  })
})

describe('version 3', () => {
  test('the address is the path, as Forge writes it: keys are ids, bindings tell WebSocket from events', () => {
    const found = adapt(
      three({
        channels: {
          'simple-chat': { address: '/simple/{room}/chat', bindings: { ws: { method: 'GET', bindingVersion: 'latest' } } },
          ticker: { address: '/ticker', bindings: { http: { method: 'GET', bindingVersion: 'latest' } }, tags: [{ name: 'live' }] },
          '/by-key': {},
        },
        operations: {
          chatSend: { action: 'send', channel: { $ref: '#/channels/simple-chat' } },
          chatReceive: { action: 'receive', channel: { $ref: '#/channels/simple-chat' } },
          watch: { action: 'receive', channel: { $ref: '#/channels/ticker' }, title: 'Watch it' },
        },
      }),
    )
    expect(lines(found)).toEqual(['GET /simple/{room}/chat websocket', 'GET /ticker sse', 'GET /by-key websocket'])
    expect(found.operations[0]!.operationId).toBe('chatSend')
    expect(found.operations[1]).toMatchObject({ operationId: 'watch', summary: 'Watch it', tags: ['live'] })
  })

  test('without an address only a key that begins with a slash is a path', () => {
    const found = adapt(
      three({ channels: { lights: { address: null }, doors: {}, '/bells': { address: null }, gates: { address: 'gates/{id}' } } }),
    )
    expect(lines(found)).toEqual(['GET /bells websocket', 'GET /gates/{id} websocket'])
    expect(found.findings.map(({ message }) => message)).toEqual([
      'channel "lights" is not routed: it has no address',
      'channel "doors" is not routed: it has no address',
    ])
  })

  test("servers by reference, their pathname, and a channel's own servers", () => {
    const found = adapt(
      three({
        servers: {
          bus: { host: 'kafka:9092', protocol: 'kafka' },
          edge: { $ref: '#/components/servers/edge' },
          events: { host: 'x', pathname: '/sse/', protocol: 'https' },
        },
        channels: {
          a: { address: '/a', servers: [{ $ref: '#/servers/edge' }] },
          b: { address: 'b', servers: [{ $ref: '#/servers/bus' }] },
          c: { address: '/c', servers: [{ $ref: '#/servers/events' }] },
          d: { $ref: '#/components/channels/d' },
        },
        operations: {
          watch: { action: 'send', channel: { $ref: '#/channels/c' } },
          talk: { action: 'send', channel: { $ref: '#/channels/d' } },
        },
        components: {
          servers: { edge: { host: 'x', protocol: 'ws', pathname: '/{base}', variables: { base: { default: 'live' } } } },
          channels: { d: { address: '/d', servers: [{ $ref: '#/servers/edge' }] } },
        },
      }),
    )
    expect(lines(found)).toEqual(['GET /live/a websocket', 'GET /sse/c sse', 'GET /live/d websocket'])
    expect(found.operations[2]!.operationId).toBe('talk')
    expect(found.findings.map(({ code }) => code)).toEqual(['CHANNEL_SKIPPED'])
  })

  test('tags, methods of HTTP bindings, security by reference', () => {
    const found = adapt(
      three({
        channels: {
          a: { address: '/a', tags: [{ name: 'SSE' }], bindings: { ws: {} } },
          b: { address: '/b' },
          c: { address: '/c' },
        },
        operations: {
          post: { action: 'receive', channel: { $ref: '#/channels/b' }, bindings: { http: { method: 'post' } } },
          both: { action: 'receive', channel: { $ref: '#/channels/c' }, bindings: { http: { method: 'PUT' } } },
          both2: { action: 'send', channel: { $ref: '#/channels/c' }, bindings: { http: { method: 'GET' } } },
          secured: {
            action: 'send',
            channel: { $ref: '#/channels/a' },
            security: [{ $ref: '#/components/securitySchemes/oauth' }, { type: 'apiKey', in: 'user' }],
          },
        },
        components: { securitySchemes: { oauth: { type: 'oauth2', scopes: ['chat'] } } },
      }),
    )
    expect(lines(found)).toEqual(['GET /a sse', 'POST /b rest', 'GET /c rest', 'PUT /c rest'])
    expect(found.operations[0]!.security).toEqual([{ oauth: ['chat'] }, { type: 'apiKey', in: 'user' }])
  })

  test('[F12.9.remote] [F12.9.cycles] circles and other documents end', () => {
    const found = adapt(
      three({
        channels: { a: { $ref: '#/channels/a' }, b: { $ref: 'http://evil/x' }, c: { address: '/c' } },
        operations: { x: { action: 'send', channel: { $ref: '#/channels/a' } }, y: { $ref: '#/operations/y' }, z: 1 },
      }),
    )
    expect(lines(found)).toEqual(['GET /c websocket'])
  })
})

test('[R38] [F12.10.paths] addresses that reach outside the mount are skipped, the rest is routed', () => {
  const found = adapt(
    three({ channels: { a: { address: '/../admin' }, b: { address: '//evil' }, c: { address: '/a?b={x}' }, d: { address: '/d' } } }),
  )
  expect(lines(found)).toEqual(['GET /d websocket'])
  expect(found.findings.map(({ code }) => code)).toEqual(['PATH_SKIPPED', 'PATH_SKIPPED', 'PATH_SKIPPED'])
})

test('two channels of one path are one route', () => {
  expect(lines(adapt(three({ channels: { a: { address: '/x/{a}' }, b: { address: '/x/{b}' } } })))).toEqual(['GET /x/{a} websocket'])
})

test('names such as __proto__ are names', () => {
  const document = JSON.parse('{"asyncapi":"2.6.0","channels":{"__proto__":{"subscribe":{}},"constructor":{"subscribe":{}}}}') as JsonObject
  expect(lines(adapt(document))).toEqual(['GET /__proto__ websocket', 'GET /constructor websocket'])
})

test('what is no AsyncAPI, or too much of it', () => {
  for (const version of [undefined, '1.2.0', '4.0.0', 3])
    expect(() => adapt({ asyncapi: version, channels: {} })).toThrow(/asyncapi|AsyncAPI/)
  const channels = Object.fromEntries(Array.from({ length: LIMITS.paths + 1 }, (_, i) => [`/c${i}`, {}]))
  expect(() => adapt(two({ channels }))).toThrow(/limit/)
  expect(adapt(two({})).operations).toEqual([])
})

test('[R38] references and servers do not make a large document of a small one', () => {
  const many = (make: (i: number) => unknown): JsonObject => Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`n${i}`, make(i)]))
  const servers = many(() => ({ url: 'wss://x', protocol: 'wss' }))
  expect(() => adapt(two({ servers, channels: many(() => ({})) }))).toThrow('once its references are followed')
  const tags = Object.keys(servers)
  const shared = many(() => ({ $ref: '#/components/channels/A' }))
  expect(() => adapt(two({ channels: shared, components: { channels: { A: { tags, subscribe: {} } } } }))).toThrow('once its references')
  const operations = many(() => ({ action: 'send', channel: { $ref: '#/components/channels/A' } }))
  const components = { channels: { A: { address: '/a' } } }
  expect(() => adapt(three({ channels: shared, operations, components }))).toThrow('once its references are followed')
})

test('[R38] the pathname of a server costs no more than a path may', () => {
  const pathname = `/${'/'.repeat(400_000)}x/${'/'.repeat(400_000)}x`
  const found = adapt(three({ servers: { s: { host: 'x', protocol: 'wss', pathname } }, channels: { a: { address: '/a' } } }))
  expect(lines(found)).toEqual(['GET /a websocket'])
})
