import { describe, expect, test } from 'vitest'
import { Deliveries } from './deliveries.ts'
import { delayBefore, isWorthRetrying, jittered } from './retry.ts'
import { isSigned, signatureOf } from './signature.ts'
import { LIMITS } from '../limits.ts'
import { parseGoDuration } from '../duration.ts'
import { readMessage } from './message.ts'
import { readRetry, readWebhook, RETRY_DEFAULTS } from '../manifest/webhook.ts'
import { vectors } from '../testing/vectors.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (body: unknown): unknown => readMessage(bytes(typeof body === 'string' ? body : JSON.stringify(body)), LIMITS)

describe('signatures', () => {
  interface Vector {
    readonly 'X-FARP-Signature': string
    readonly body: string
    readonly secret: string
  }
  test.each(vectors<readonly Vector[]>('webhook-signature'))('vector $X-FARP-Signature', (vector) => {
    const { body, secret, 'X-FARP-Signature': signature } = vector
    expect(signatureOf(secret, bytes(body))).toBe(signature)
    // With an empty secret the right signature proves nothing.
    expect(isSigned(signature, bytes(body), secret)).toBe(secret !== '')
  })

  test('anything else is none', () => {
    const body = bytes('{}')
    const good = signatureOf('s', body)
    for (const bad of [
      '',
      'sha256=',
      good.slice(7),
      good.toUpperCase(),
      `${good}0`,
      good.slice(0, -1),
      `sha1=${good.slice(7)}`,
      ` ${good}`,
    ])
      expect(isSigned(bad, body, 's'), bad).toBe(false)
    expect(isSigned(good, bytes('{} '), 's')).toBe(false)
    expect(isSigned(good, body, 't')).toBe(false)
    expect(isSigned(good, body, 's')).toBe(true)
  })
})

describe('retries', () => {
  interface Case {
    readonly initial: string
    readonly max: string
    readonly multiplier: number
    readonly max_attempts: number
    readonly delays_ms_without_jitter?: readonly number[]
    readonly use_defaults?: Omit<Case, 'delays_ms_without_jitter'>
  }
  const { cases } = vectors<{ readonly cases: readonly Case[] }>('retry-backoff')
  const times = ({ initial, max, multiplier, max_attempts }: Case): ReturnType<typeof readRetry> =>
    readRetry({ initial_delay: initial, max_delay: max, multiplier, max_attempts })
  test.each(cases)('vector $initial $max $multiplier $max_attempts', (given) => {
    const retry = times(given)
    const { use_defaults: defaults, delays_ms_without_jitter: delays } = given
    if (defaults !== undefined) {
      expect(retry).toEqual(RETRY_DEFAULTS)
      expect(retry).toEqual(times(defaults))
      expect(RETRY_DEFAULTS.initialDelay).toBe(parseGoDuration(defaults.initial))
      return
    }
    expect(retry.attempts).toBe(delays!.length)
    expect(delays!.map((_, attempt) => delayBefore(attempt, retry))).toEqual(delays)
  })

  test('jitter is a fifth either way, and no manifest makes the gateway try for ever', () => {
    expect([jittered(1000, () => 0), jittered(1000, () => 0.5), jittered(1000, () => 1)]).toEqual([800, 1000, 1200])
    expect(readRetry({ max_attempts: 1e9, initial_delay: '9h', max_delay: '900h', multiplier: 1e9 })).toEqual({
      attempts: 10,
      initialDelay: 60_000,
      maxDelay: 300_000,
      multiplier: 10,
    })
    expect(readRetry({ max_attempts: -1, initial_delay: '-1s', max_delay: 'soon', multiplier: 'x' })).toEqual(RETRY_DEFAULTS)
    expect(readRetry({ multiplier: 0.1, max_attempts: 0.5 })).toMatchObject({ multiplier: 1, attempts: 1 })
  })

  test('what a receiver says about the message itself ends the attempts', () => {
    const retried = [undefined, 408, 425, 429, 500, 502, 503]
    expect(retried.map(isWorthRetrying)).toEqual(retried.map(() => true))
    expect([301, 400, 401, 403, 404, 410, 413].some(isWorthRetrying)).toBe(false)
  })
})

describe('messages', () => {
  test('both forms are read', () => {
    const source = { service_name: 'users', instance_id: 'a' }
    expect(read({ event: 'schema.updated', timestamp: 1, source, data: { checksum: 'x' } })).toEqual({
      event: 'schema.updated',
      timestamp: 1,
      service: 'users',
      instance: 'a',
      data: { checksum: 'x' },
    })
    expect(read({ type: 'schema.updated', timestamp: 1, source: 'a' })).toMatchObject({ event: 'schema.updated', instance: 'a', data: {} })
    expect(read({ type: 'a', event: 'a', timestamp: 1 })).toMatchObject({ event: 'a', instance: undefined })
  })

  test('what is none says so, and repeats nothing of it', () => {
    const bad: readonly unknown[] = [
      '{"secret-text',
      '[]',
      'null',
      { timestamp: 1 },
      { event: 'a b', timestamp: 1 },
      { event: 'a\n', timestamp: 1 },
      { event: 'a', type: 'b', timestamp: 1 },
      { event: 'a' },
      { event: 'a', timestamp: '1' },
    ]
    for (const body of bad) expect(read(body), JSON.stringify(body)).toMatch(/^it/)
    expect(read('{"secret-text')).not.toContain('secret')
    expect(read(`{"event":"a","timestamp":1,"data":${'['.repeat(90)}${']'.repeat(90)}}`)).toMatch(/deep/)
    expect(readMessage(Uint8Array.of(0xff), LIMITS)).toBe('it is not UTF-8')
  })

  test('names such as __proto__ are data', () => {
    expect(
      read('{"event":"a","timestamp":1,"data":{"__proto__":{"enabled":true}},"source":{"__proto__":{"instance_id":"x"}}}'),
    ).toMatchObject({
      instance: undefined,
    })
  })
})

test('the webhook member is read as it comes', () => {
  expect(readWebhook({ webhook: { retry: { max_attempts: 0, initial_delay: '', max_delay: '', multiplier: 0 } } })).toEqual({
    serviceWebhook: undefined,
    secret: '',
    subscribes: new Set(),
    publishes: new Set(),
    retry: RETRY_DEFAULTS,
    serviceRoutes: [],
    polling: undefined,
  })
  expect(readWebhook({ webhook: 'x' })).toEqual(readWebhook({}))
  const routes = [
    { id: 'p', path: '/farp/events', method: 'get', type: 'event.poll', auth_required: true, timeout: '5s' },
    { id: 'bad', path: '//evil.example/x', method: 'GET', type: 'event.poll' },
    { id: 'bad', path: '/x y', method: 'GET', type: 'event.poll' },
    { id: 'bad', path: '/x', method: 'TRACE', type: 'event.poll' },
    'x',
  ]
  const webhook = {
    subscribe_events: ['a', 1, ''],
    http_routes: { service_routes: routes, polling: { interval: '2s', long_polling: true, timeout: '1ms' } },
  }
  expect(readWebhook({ webhook })).toMatchObject({
    subscribes: new Set(['a']),
    serviceRoutes: [{ id: 'p', path: '/farp/events', method: 'GET', type: 'event.poll', needsToken: true, timeout: 5000 }],
    polling: { interval: 2000, timeout: 1000, isLong: true, longTimeout: 60_000 },
  })
})

test('deliveries are remembered for a while, and not without bound', () => {
  const deliveries = new Deliveries(1000, 3)
  const has = (id: string, now: number): boolean => deliveries.has('users', id, now)
  deliveries.add('users', 'a', 0)
  expect([has('a', 999), has('a', 1000), has('b', 0)]).toEqual([true, false, false])
  for (const id of ['b', 'c', 'd']) deliveries.add('users', id, 10)
  expect([deliveries.size, has('a', 20), has('d', 20)]).toEqual([3, false, true])
  deliveries.add('users', 'e', 5000)
  expect(deliveries.size).toBe(1)
  deliveries.add('orders', 'f', 7000)
  expect([deliveries.size, has('e', 5500)]).toEqual([1, false])
})

test('[R38] no service has deliveries of another forgotten', () => {
  const deliveries = new Deliveries(1000, 3)
  deliveries.add('users', 'a', 0)
  for (let n = 0; n < 10; n++) deliveries.add('orders', `${n}`, 1)
  expect([deliveries.has('users', 'a', 2), deliveries.has('orders', 'a', 2), deliveries.size]).toEqual([true, false, 4])
})

test('[R38] what all services have delivered is bounded too, at the cost of the one that remembers most', () => {
  const deliveries = new Deliveries(1000, 8, 10)
  const left = (service: string, ids: readonly string[]): readonly string[] => ids.filter((id) => deliveries.has(service, id, 5))
  const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `${n}`)
  for (const id of ids(3)) deliveries.add('users', id, 1)
  for (const id of ids(8)) deliveries.add('loud', id, 2)
  expect([deliveries.size, left('users', ids(3)), left('loud', ids(8))]).toEqual([10, ids(3), ids(8).slice(1)])
  for (const id of ids(20)) deliveries.add(`one of many ${id}`, id, 3)
  // Of services that have one each, those heard longest ago.
  expect([deliveries.size, left('users', ids(3)), left('loud', ids(8))]).toEqual([10, [], []])
  expect(ids(20).filter((id) => deliveries.has(`one of many ${id}`, id, 5))).toEqual(ids(20).slice(10))
  // What is sent again, and what was forgotten with its time, does not count twice.
  deliveries.add('one of many 19', '19', 4)
  expect(deliveries.size).toBe(10)
  deliveries.add('users', 'late', 2000)
  expect(deliveries.size).toBe(1)
})

test('[R38] a service that is loud has none of a quiet one forgotten, however many services are loud', () => {
  const deliveries = new Deliveries(1000, 8, 30)
  for (const id of ['a', 'b']) deliveries.add('quiet', id, 0)
  for (let n = 0; n < 100; n++) for (const loud of ['x', 'y', 'z', 'w']) deliveries.add(loud, `${n}`, 1)
  deliveries.add('quiet', 'c', 2)
  expect([deliveries.size, ...['a', 'b', 'c'].map((id) => deliveries.has('quiet', id, 3))]).toEqual([30, true, true, true])
})
