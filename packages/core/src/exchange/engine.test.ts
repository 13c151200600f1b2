import { describe, expect, it } from 'vitest'
import { finish, plugin, recorder, ScriptedWire, send, startTo as start, statusOf as status } from '../../test/support/scripted.ts'
import { HeaderList } from '../headers.ts'
import type { Plugin } from '../plugin/plugin.ts'

const THREE = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3']

describe('attempts', () => {
  it('[R15] a POST is not sent again after a reset', async () => {
    const wire = new ScriptedWire({ fails: 'UPSTREAM_RESET' }, { status: 200 })
    expect(await status(await start(THREE), wire, { method: 'POST' })).toBe(502)
    expect(wire.calls).toHaveLength(1)
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('[R15] a %s is sent to another endpoint after a reset', async (method) => {
    const wire = new ScriptedWire({ fails: 'UPSTREAM_RESET' }, { status: 200 })
    expect(await status(await start(THREE), wire, { method })).toBe(200)
    expect(new Set(wire.origins).size).toBe(2)
  })

  it.each(['GET', 'POST', 'PATCH'])('[R15] a %s goes to another endpoint when no connection could be made', async (method) => {
    const wire = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, { fails: 'UPSTREAM_CONNECT' }, { status: 201 })
    expect(await status(await start(THREE), wire, { method })).toBe(201)
    expect(new Set(wire.origins).size).toBe(3)
  })

  it('[R15] nothing is sent again once a byte of the body was taken', async () => {
    const wire = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, { status: 200 })
    wire.isReplayable = false
    expect(await status(await start(THREE), wire, { method: 'PUT' })).toBe(502)
    expect(wire.calls).toHaveLength(1)
  })

  it('[R15] an invalid answer is tried again elsewhere for idempotent methods only', async () => {
    const gateway = await start(THREE)
    for (const [method, wanted, calls] of [
      ['GET', 200, 2],
      ['POST', 502, 1],
    ] as const) {
      const invalid = new ScriptedWire({ fails: 'UPSTREAM_PROTOCOL' }, { status: 200 })
      expect(await status(gateway, invalid, { method })).toBe(wanted)
      expect(new Set(invalid.origins).size).toBe(calls)
    }
  })

  it('[R15] stops after `retries` additional attempts', async () => {
    const many = Array.from({ length: 9 }, (_, i) => `http://10.0.1.${i}`)
    const wire = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' })
    expect(await status(await start(many, { routing: { retries: 2 } }), wire)).toBe(502)
    expect(wire.calls).toHaveLength(3)
    const none = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' })
    expect(await status(await start(many, { routing: { retries: 0 } }), none)).toBe(502)
    expect(none.calls).toHaveLength(1)
  })

  it('[R15] ends when every endpoint was tried; a broken one that is alone gets one more chance', async () => {
    const connect = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' })
    expect(await status(await start(['http://10.0.0.1']), connect)).toBe(502)
    expect(connect.calls).toHaveLength(1)
    const reset = new ScriptedWire({ fails: 'UPSTREAM_RESET' })
    expect(await status(await start(['http://10.0.0.1']), reset)).toBe(502)
    expect(reset.calls).toHaveLength(2)
  })

  it('[R15] one deadline holds over all attempts', async () => {
    const gateway = await start(THREE, { routing: { timeout: 120 } })
    const wire = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, 'hangs')
    const started = performance.now()
    const sent = await send(gateway, wire)
    const took = performance.now() - started
    finish(sent)
    expect(sent.answer.head.status).toBe(504)
    expect(took).toBeGreaterThanOrEqual(115)
    expect(took).toBeLessThan(1_000)
    expect(wire.calls).toHaveLength(2)
    expect(wire.aborted.map((error) => error.code)).toEqual(['UPSTREAM_TIMEOUT'])
  })

  it('answers 503 when the upstream has no endpoint', async () => {
    const gateway = await start([])
    const sent = await send(gateway, new ScriptedWire({ status: 200 }))
    finish(sent)
    expect(sent.answer.head.status).toBe(503)
    expect(sent.answer.local).toContain('NO_ENDPOINT')
  })
})

describe('phases', () => {
  const named = (name: string, seen: string[], isAsync: boolean): Plugin => {
    const note = (what: string): Promise<void> | undefined => {
      const write = (): void => void seen.push(`${name}.${what}`)
      return isAsync ? Promise.resolve().then(write) : (write(), undefined)
    }
    return plugin({
      onRequest: () => note('request') as undefined,
      onUpstreamRequest: () => note('upstreamRequest'),
      onUpstreamResponse: () => note('upstreamResponse'),
      onResponse: () => note('response'),
      onFinish: () => void seen.push(`${name}.finish`),
    })
  }

  it.each([false, true])('run forward on the way in and backward on the way out (async: %s)', async (isAsync) => {
    const seen: string[] = []
    const gateway = await start(THREE, { plugins: [named('a', seen, isAsync), named('b', seen, isAsync)] })
    expect(await status(gateway, new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, { status: 200 }))).toBe(200)
    const order = [
      'a.request',
      'b.request',
      'a.upstreamRequest',
      'b.upstreamRequest',
      'a.upstreamRequest',
      'b.upstreamRequest',
      'b.upstreamResponse',
      'a.upstreamResponse',
      'b.response',
      'a.response',
      'a.finish',
      'b.finish',
    ]
    expect(seen).toEqual(order)
  })

  it('a Reply of onRequest skips the rest and the upstream; onResponse runs for all', async () => {
    const seen: string[] = []
    const denial = plugin({
      onRequest: () => ({ status: 401, headers: new HeaderList(['x-why', 'no']), body: 'denied' }),
      onResponse: (_ctx, head) => head.headers.set('x-denial', '1'),
    })
    const gateway = await start(THREE, { plugins: [named('a', seen, false), denial, named('b', seen, true)] })
    const wire = new ScriptedWire({ status: 200 })
    const sent = await send(gateway, wire)
    finish(sent)
    expect(sent.answer).toMatchObject({ local: 'denied', flow: null, head: { status: 401 } })
    expect(sent.answer.head.headers.flat).toEqual(['x-why', 'no', 'x-denial', '1'])
    expect(wire.calls).toHaveLength(0)
    expect(seen).toEqual(['a.request', 'b.response', 'a.response', 'a.finish', 'b.finish'])
  })

  it.each([
    ['/none', 404],
    ['//', 400],
  ])('onResponse and onFinish of the gateway run for %s (%d), onRequest does not', async (target, code) => {
    const seen: string[] = []
    const gateway = await start(THREE, { plugins: [named('a', seen, true)], routes: [{ path: '/only', upstream: 'up' }] })
    expect(await status(gateway, new ScriptedWire({ status: 200 }), { target })).toBe(code)
    expect(seen).toEqual(['a.response', 'a.finish'])
  })

  it('405 names the methods', async () => {
    const gateway = await start(THREE, { routes: [{ path: '/a', methods: ['get', 'POST'], upstream: 'up' }] })
    const sent = await send(gateway, new ScriptedWire({ status: 200 }), { target: '/a', method: 'DELETE' })
    finish(sent)
    expect(sent.answer.head.status).toBe(405)
    expect(sent.answer.head.headers.get('allow')).toBe('GET, HEAD, POST')
  })

  it('onError may answer in place of the problem document; one that throws does not', async () => {
    const replacing = plugin({ onError: (_ctx, error) => ({ status: 299, headers: new HeaderList(), body: error.code }) })
    const throwing = plugin({ onError: () => Promise.reject(new Error('onError broke')) })
    const replaced = await send(await start([], { plugins: [replacing] }), new ScriptedWire({ status: 200 }))
    finish(replaced)
    expect(replaced.answer).toMatchObject({ local: 'NO_ENDPOINT', head: { status: 299 } })
    expect(await status(await start([], { plugins: [throwing] }), new ScriptedWire({ status: 200 }))).toBe(503)
  })

  it("a failure in onResponse gives a clean problem and gives up the upstream's body", async () => {
    const breaking = plugin({
      onResponse(_ctx, head) {
        head.headers.set('x-half', 'made')
        throw new Error('secret detail')
      },
    })
    const wire = new ScriptedWire({ status: 200, fields: ['content-length', '4', 'set-cookie', 'a=1'] })
    const sent = await send(await start(THREE, { plugins: [breaking] }), wire)
    finish(sent)
    expect(sent.answer.head.status).toBe(500)
    expect(sent.answer.flow).toBeNull()
    expect(sent.answer.local).not.toContain('secret')
    for (const name of ['x-half', 'set-cookie']) expect(sent.answer.head.headers.has(name)).toBe(false)
    expect(sent.answer.head.headers.get('content-length')).toBe(String(sent.answer.local!.length))
    expect(wire.aborted).toHaveLength(1)
  })

  it("a failure in onUpstreamResponse gives up the upstream's body", async () => {
    const wire = new ScriptedWire({ status: 200 })
    expect(
      await status(await start(THREE, { plugins: [plugin({ onUpstreamResponse: () => Promise.reject(new Error('x')) })] }), wire),
    ).toBe(500)
    expect(wire.aborted).toHaveLength(1)
  })
})

describe('[R8] failures', () => {
  it('[R8] tell the client title, code and request id; the rest goes to the log only', async () => {
    const { log, lines } = recorder()
    const gateway = await start(['http://10.66.77.88:9999'], { log })
    const sent = await send(gateway, new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }), { target: '/x?token=secret' })
    finish(sent)
    const { head, local } = sent.answer
    expect(head.headers.get('content-type')).toBe('application/problem+json')
    expect(JSON.parse(local as string)).toEqual({
      type: 'about:blank',
      title: 'The upstream could not be reached',
      status: 502,
      code: 'UPSTREAM_CONNECT',
      request_id: sent.ctx.id,
    })
    expect(local + head.headers.flat.join()).not.toMatch(/10\.66|9999|scripted|secret|at /)
    const failures = lines.filter(({ message }) => message === 'request failed')
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({
      level: 'warn',
      fields: { code: 'UPSTREAM_CONNECT', endpoint: 'http://10.66.77.88:9999', reason: 'scripted' },
    })
    expect(JSON.stringify(lines)).not.toContain('secret')
  })

  it('[R8] a plugin that throws shows nothing of itself', async () => {
    const throwing = plugin({
      onRequest: () => {
        throw new TypeError('db://user:password@host')
      },
    })
    const sent = await send(await start(THREE, { plugins: [throwing] }), new ScriptedWire({ status: 200 }))
    finish(sent)
    expect(sent.answer.head.status).toBe(500)
    expect(sent.answer.local).not.toMatch(/db:|password|TypeError/)
  })
})
