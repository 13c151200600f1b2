import { describe, expect, it } from 'vitest'
import { didYouMean } from './suggest.ts'
import { GatewayError, toGatewayError } from './errors.ts'
import { Latest } from './latest.ts'
import { parseDuration, sleep, toMilliseconds } from './time.ts'
import { dataKey, sameData } from './same.ts'

describe('dataKey', () => {
  it('is the same for the same data, and differs where plain data does', () => {
    const act = (): void => {}
    const same: (readonly [unknown, unknown])[] = [
      [
        { a: 1, b: [{ c: 'x' }], act },
        { act, b: [{ c: 'x' }], a: 1 },
      ],
      [{ a: undefined }, {}],
      [{ a: Number.NaN }, { a: Number.NaN }],
      [Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ]
    for (const [one, other] of same) {
      expect(sameData(one, other)).toBe(true)
      expect(dataKey(one)).toBe(dataKey(other))
    }
    for (const [one, other] of [
      [{ a: 1 }, { a: '1' }],
      [
        [1, 2],
        [2, 1],
      ],
      [{ a: 1 }, { b: 1 }],
      [0, -0],
      [null, undefined],
    ]) {
      expect(dataKey(one)).not.toBe(dataKey(other))
    }
  })

  it('comes to an end with data that contains itself', () => {
    const endless: Record<string, unknown> = {}
    endless.self = endless
    expect(dataKey(endless)).toContain('*')
  })
})

describe('sameData', () => {
  it('compares plain data by structure and everything else by reference', () => {
    const client = new Map()
    const act = (): void => {}
    expect(sameData({ a: [1, { b: Number.NaN }], client, act }, { act, client, a: [1, { b: Number.NaN }] })).toBe(true)
    expect(sameData({ client: new Map() }, { client: new Map() })).toBe(false)
    expect(sameData({ act: () => {} }, { act: () => {} })).toBe(false)
    expect(sameData([1, 2], [2, 1])).toBe(false)
    expect(sameData({ a: undefined }, {})).toBe(true)
    expect(sameData({ a: 1 }, { b: 1 })).toBe(false)
    expect(sameData([], {})).toBe(false)
    expect(sameData(null, {})).toBe(false)
    expect(sameData(JSON.parse('{"__proto__":{"x":1}}'), {})).toBe(false)
  })
})

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '5', '-1s', '1 s', 's', '1d', '1e3s', 'Infinitys'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
    expect(() => toMilliseconds(text as never)).toThrow(TypeError)
  })

  it('refuses a number below 0 and NaN', () => {
    expect(toMilliseconds(0)).toBe(0)
    expect(() => toMilliseconds(-1)).toThrow(TypeError)
    expect(() => toMilliseconds(Number.NaN)).toThrow(TypeError)
  })

  it('a sleep ends with its signal, leaves no listener, and a very long one does not end at once', async () => {
    const abort = new AbortController()
    let isOver = false
    const nap = sleep(3_600_000 * 1_000, abort.signal).then(() => (isOver = true))
    await sleep(20)
    expect(isOver).toBe(false)
    abort.abort()
    await nap
    await sleep(1_000_000, abort.signal)
  })
})

describe('Latest', () => {
  it('gives every reader the newest value and lets slow ones miss what was replaced', async () => {
    const latest = new Latest<number>()
    const abort = new AbortController()
    const reader = latest.values(abort.signal)
    latest.set(1)
    latest.set(2)
    expect(await reader.next()).toEqual({ done: false, value: 2 })
    const waiting = reader.next()
    latest.set(3)
    expect(await waiting).toEqual({ done: false, value: 3 })
    const last = reader.next()
    abort.abort()
    expect(await last).toEqual({ done: true, value: undefined })
  })
})

describe('errors', () => {
  it('a problem document has a length in bytes, also with a title of a plugin', () => {
    const error = new GatewayError('shop/CLOSED', 'internal', undefined, {
      status: 403,
      source: 'client',
      retry: 'never',
      title: 'Geschlossen: über Mittag 🍜',
    })
    const { headers, body } = error.toReply('id-1')
    expect(headers.get('content-length')).toBe(String(new TextEncoder().encode(body as string).length))
    expect(body).not.toContain('internal')
  })

  it('[R8] any thrown value becomes INTERNAL, with its text for the log only', () => {
    const error = toGatewayError('boom at 10.0.0.1')
    expect(error.code).toBe('INTERNAL')
    expect(error.message).toContain('boom')
    expect(error.toReply().body).not.toContain('boom')
    expect(toGatewayError(error)).toBe(error)
  })

  it('knows an error of another copy of the package', () => {
    expect(GatewayError.is({ [Symbol.for('octopus.error')]: true })).toBe(true)
    expect(GatewayError.is(new Error('x'))).toBe(false)
  })

  it('takes a stack only where the gateway is to blame', () => {
    expect(new GatewayError('ROUTE_NOT_FOUND').stack).not.toContain('\n    at ')
    expect(new GatewayError('INTERNAL').stack).toContain('\n    at ')
    expect(new Error('x').stack).toContain('\n    at ')
  })

  it('suggests what was meant', () => {
    expect(didYouMean('circut_breaker', ['circuit_breaker', 'timeout'])).toContain('"circuit_breaker"')
    expect(didYouMean('usres', ['users'])).toContain('"users"')
    expect(didYouMean('zzz', ['users'])).toBe('')
  })
})
