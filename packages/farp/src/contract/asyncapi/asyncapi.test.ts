import { describe, expect, test } from 'vitest'
import { compared } from '../../testing/contracts.ts'
import { compareContracts } from '../compare.ts'

const text = { type: 'string' }
const payload = (schema: unknown) => ({ type: 'object', properties: { a: schema } })

/** The same channel in both versions. */
function v2(channels: object, more = {}) {
  return { asyncapi: '2.6.0', channels, ...more }
}

function v3(way: 'send' | 'receive', messages: Record<string, unknown>, address = '/chat') {
  return {
    asyncapi: '3.0.0',
    channels: { chat: { address, messages } },
    operations: { op: { action: way, channel: { $ref: '#/channels/chat' } } },
  }
}

type Row = readonly [rule: string, previous: object, next: object, changes: readonly string[]]

describe('channels and messages', () => {
  const sends = (message: unknown) => v2({ '/chat': { subscribe: { message } } })
  const takes = (message: unknown) => v2({ '/chat': { publish: { message } } })
  test.each<Row>([
    ['a channel is gone', sends({}), v2({}), ['breaking endpoint_removed']],
    ['a channel is new', v2({}), sends({}), ['safe endpoint_added']],
    [
      'a way is gone',
      v2({ '/chat': { subscribe: { message: {} }, publish: { message: {} } } }),
      sends({}),
      ['breaking method_removed', 'unknown not_judged'],
    ],
    ['a parameter has another name', v2({ '/c/{a}': { subscribe: {} } }), v2({ '/c/{b}': { subscribe: {} } }), []],
    [
      'sent: one value more',
      sends({ payload: payload({ type: 'integer' }) }),
      sends({ payload: payload({ type: 'number' }) }),
      ['breaking field_type_changed'],
    ],
    [
      'taken: one value more',
      takes({ payload: payload({ type: 'integer' }) }),
      takes({ payload: payload({ type: 'number' }) }),
      ['safe field_type_changed'],
    ],
    [
      'another content type',
      sends({ contentType: 'application/json' }),
      sends({ contentType: 'application/cbor' }),
      ['breaking endpoint_changed'],
    ],
    [
      'a header of another type',
      sends({ headers: payload(text) }),
      sends({ headers: payload({ type: 'boolean' }) }),
      ['breaking field_type_changed'],
    ],
    [
      'a message is not sent any more',
      sends({ oneOf: [{ name: 'a' }, { name: 'b' }] }),
      sends({ oneOf: [{ name: 'a' }] }),
      ['breaking variant_removed'],
    ],
    [
      'a message more is sent',
      sends({ oneOf: [{ name: 'a' }, { name: 'b' }] }),
      sends({ oneOf: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }),
      ['unknown variant_added'],
    ],
    [
      'a message more is taken',
      takes({ oneOf: [{ name: 'a' }, { name: 'b' }] }),
      takes({ oneOf: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }),
      ['safe variant_added'],
    ],
    [
      'a payload that is no JSON Schema',
      sends({ schemaFormat: 'application/vnd.apache.avro;version=1.9.0', payload: { a: 1 } }),
      sends({ schemaFormat: 'application/vnd.apache.avro;version=1.9.0', payload: { a: 2 } }),
      ['unknown not_judged'],
    ],
    [
      'version 2 becomes version 3',
      sends({ name: 'm', payload: payload(text) }),
      v3('send', { m: { payload: payload(text) } }),
      ['unknown not_judged'],
    ],
    [
      'no server of a protocol is left',
      v2({}, { servers: { a: { protocol: 'ws' } } }),
      v2({}, { servers: { a: { protocol: 'kafka' } } }),
      ['breaking endpoint_changed'],
    ],
    [
      'a query of the handshake is required',
      v2({ '/c': { bindings: { ws: { query: payload(text) } } } }),
      v2({ '/c': { bindings: { ws: { query: { ...payload(text), required: ['a'] } } } } }),
      ['breaking field_required'],
    ],
  ])('%s', async (_rule, previous, next, changes) => {
    expect(await compared('asyncapi', previous as never, next as never)).toEqual(changes)
  })

  test.each<Row>([
    ['another address', v3('send', { m: {} }), v3('send', { m: {} }, '/talk'), ['breaking endpoint_removed', 'safe endpoint_added']],
    ['an address without its slash', v3('send', { m: {} }), v3('send', { m: {} }, 'chat'), []],
    ['sent becomes taken', v3('send', { m: {} }), v3('receive', { m: {} }), ['breaking method_removed', 'safe method_added']],
    [
      'taken: a property is required',
      v3('receive', { m: { payload: payload(text) } }),
      v3('receive', { m: { payload: { ...payload(text), required: ['a'] } } }),
      ['breaking field_required'],
    ],
    [
      'sent: a property is required',
      v3('send', { m: { payload: payload(text) } }),
      v3('send', { m: { payload: { ...payload(text), required: ['a'] } } }),
      ['safe field_required'],
    ],
  ])('version 3: %s', async (_rule, previous, next, changes) => {
    expect(await compared('asyncapi', previous as never, next as never)).toEqual(changes)
  })
})

test('an operation takes only the messages it names, and its reply goes the other way', async () => {
  const document = (reply: unknown) => ({
    asyncapi: '3.0.0',
    channels: { rpc: { address: '/rpc', messages: { ask: { payload: payload(text) }, answer: { payload: payload(reply) } } } },
    operations: {
      op: {
        action: 'receive',
        channel: { $ref: '#/channels/rpc' },
        messages: [{ $ref: '#/channels/rpc/messages/ask' }],
        reply: { messages: [{ $ref: '#/channels/rpc/messages/answer' }] },
      },
    },
  })
  const diff = await compareContracts('asyncapi', document({ type: 'integer' }), document({ type: 'number' }))
  expect(diff.changes).toMatchObject([
    { effect: 'breaking', direction: 'response', path: '/channels/rpc/messages/answer/payload/properties/a', operations: ['/rpc'] },
  ])
})
