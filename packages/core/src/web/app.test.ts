import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { describe, expect, it, vi } from 'vitest'
import { HeaderList } from '../headers.ts'
import { plugin } from '../../test/support/scripted.ts'
import { hono, ok, start, through } from '../../test/support/web.ts'
import type { Handler } from '../../test/support/web.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { Plugin } from '../plugin/plugin.ts'

describe('what a Hono middleware sees', () => {
  it("the path, parameters, template and method are true, and the gateway's context is at hand", async () => {
    const seen: unknown[] = []
    const { gateway } = start(ok, [
      hono(async (c, next) => {
        const octopus = (c as unknown as { get(key: 'octopus'): { id: string; route: { path: string } } }).get('octopus')
        seen.push(
          c.req.method,
          c.req.path,
          c.req.routePath,
          c.req.param(),
          c.req.param('id'),
          c.req.query('q'),
          octopus.route.path,
          octopus.id.length,
        )
        await next()
      }),
    ])
    await gateway.request('/users/a%2Fb%2541?q=1', { method: 'HEAD' })
    expect(seen).toEqual(['HEAD', '/users/a%2Fb%2541', '/users/:id', { id: 'a/b%41' }, 'a/b%41', '1', '/users/:id', 32])
  })

  it('routes that share middlewares keep their own template and parameters, also side by side', async () => {
    const { gateway } = start(ok, [
      hono(async (c, next) => {
        await new Promise((resolve) => setTimeout(resolve, c.req.path === '/users/1' ? 20 : 1))
        await next()
        c.header('x-seen', `${c.req.routePath} ${JSON.stringify(c.req.param())}`)
      }),
    ])
    const answers = await Promise.all(['/users/1', '/other/x', '/users/2'].map((path) => gateway.request(path)))
    expect(answers.map((answer) => answer.headers.get('x-seen'))).toEqual([
      '/users/:id {"id":"1"}',
      '/* {"*":"other/x"}',
      '/users/:id {"id":"2"}',
    ])
  })

  it('c.header() after next works, also on an immutable Response of an in-process upstream', async () => {
    const { gateway } = start(
      async () => fetch('data:text/plain,fixed'),
      [
        hono(async (c, next) => {
          await next()
          c.header('x-after', '1')
          c.res.headers.append('set-cookie', 'a=1')
          c.res.headers.append('set-cookie', 'b=2')
        }),
      ],
    )
    const response = await gateway.request('/')
    expect([response.headers.get('x-after'), response.headers.getSetCookie(), await response.text()]).toEqual([
      '1',
      ['a=1', 'b=2'],
      'fixed',
    ])
  })
})

describe('[R1] the order of phases and middlewares', () => {
  const auth = plugin({ onRequest: () => ({ status: 401, headers: new HeaderList(['www-authenticate', 'Bearer']), body: 'no' }) })
  const cache = hono(async (c, next) => (c.req.path === '/cached' ? c.text('cached') : next()))
  const requests: [string, Record<string, string>][] = [
    ['GET', {}],
    ['GET with Upgrade: websocket', { upgrade: 'websocket', connection: 'Upgrade' }],
    ['GET with content-type: application/grpc', { 'content-type': 'application/grpc' }],
    ['GET with Accept: text/event-stream', { accept: 'text/event-stream' }],
  ]

  it.each(requests)('[R1] authentication before a cache: %s is never 200', async (_name, headers) => {
    const up = vi.fn(ok)
    const { gateway } = start(up, [auth, cache])
    expect([401, 501]).toContain((await gateway.request('/cached', { headers })).status)
    expect(up).not.toHaveBeenCalled()
  })

  it.each(requests)('[R1] a cache before authentication: %s reaches the upstream without it never', async (_name, headers) => {
    const up = vi.fn(ok)
    const { gateway } = start(up, [cache, auth])
    expect([401, 501]).toContain((await gateway.request('/fresh', { headers })).status)
    expect(up).not.toHaveBeenCalled()
  })

  it('runs in list order on the way in, backward on the way out, onResponse once for each also when not reached', async () => {
    const seen: string[] = []
    const phases = (name: string, hooks: Hooks = {}): Plugin =>
      plugin({ onRequest: () => void seen.push(`${name} in`), onResponse: () => void seen.push(`${name} out`), ...hooks })
    const middleware = (name: string): Plugin =>
      hono(async (_c, next) => (seen.push(`${name} in`), await next(), void seen.push(`${name} out`)))
    const { gateway } = start(ok, [phases('a'), phases('b'), middleware('M'), phases('c')])
    await gateway.request('/')
    expect(seen).toEqual(['a in', 'b in', 'M in', 'c in', 'c out', 'M out', 'b out', 'a out'])
    seen.length = 0
    const denying = start(ok, [
      middleware('M'),
      phases('a', { onRequest: () => ({ status: 403, headers: new HeaderList(), body: '' }) }),
      phases('b'),
      middleware('N'),
      phases('c'),
    ])
    expect((await denying.gateway.request('/')).status).toBe(403)
    expect(seen).toEqual(['M in', 'c out', 'b out', 'a out', 'M out'])
  })

  it('onResponse may remove a field', async () => {
    const { gateway } = start(
      () => new Response('ok', { headers: { 'x-internal': '1' } }),
      [plugin({ onResponse: (_ctx, head) => head.headers.delete('x-internal') }), hono(through)],
    )
    const response = await gateway.request('/')
    expect(response.headers.has('x-internal')).toBe(false)
    expect(await response.text()).toBe('ok')
  })
})

describe('failures on the web lane', () => {
  const problems: [string, Plugin[]][] = [
    ['a middleware that throws after next', [hono(async (_c, next) => (await next(), Promise.reject(new Error('secret'))))]],
    [
      'a middleware that throws something else than an Error',
      [hono(async (_c, next) => (await next(), Promise.reject('secret' as never)))],
    ],
    ['an onResponse that throws', [hono(through), plugin({ onResponse: () => Promise.reject(new Error('secret')) })]],
    ['an onResponse before a middleware that throws', [plugin({ onResponse: () => Promise.reject(new Error('secret')) }), hono(through)]],
    [
      'an onResponse that throws for a reply it did not reach',
      [hono(async (c) => c.text('early')), plugin({ onResponse: () => Promise.reject(new Error('secret')) })],
    ],
    ['a middleware that throws before next', [hono(() => Promise.reject(new Error('secret')))]],
    ['a middleware that neither answers nor goes on', [hono(async () => {})]],
    ['an onRequest that throws', [hono(through), plugin({ onRequest: () => Promise.reject(new Error('secret')) })]],
  ]

  it.each(problems)('[R8] %s gives a clean problem, ends the request and gives up the upstream', async (_name, list) => {
    const [reached, cancelled] = [vi.fn(), vi.fn()]
    const streaming: Handler = () => {
      reached()
      return new Response(new ReadableStream({ cancel: cancelled }, { highWaterMark: 0 }), {
        headers: { 'content-length': '6', 'set-cookie': 'a=1', 'x-up': '1' },
      })
    }
    const { gateway, entries } = start(streaming, list)
    const response = await gateway.request('/')
    const body = await response.text()
    expect([response.status, JSON.parse(body)]).toEqual([500, expect.objectContaining({ code: 'INTERNAL' })])
    expect(body).not.toContain('secret')
    expect(response.headers.get('content-length')).toBe(String(body.length))
    expect([response.headers.get('x-up'), response.headers.get('set-cookie')]).toEqual([null, null])
    await vi.waitFor(() => expect(entries.map(({ status }) => status)).toEqual([500]))
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalledTimes(reached.mock.calls.length))
  })

  it('an HTTPException is the answer its author meant', async () => {
    const { gateway, entries } = start(ok, [hono(async () => Promise.reject(new HTTPException(418, { message: 'teapot' })))])
    const response = await gateway.request('/')
    expect([response.status, await response.text()]).toEqual([418, 'teapot'])
    expect(entries.map(({ status }) => status)).toEqual([418])
  })

  it("a middleware that answers in the upstream's place ends the request and cancels what nobody reads", async () => {
    const cancelled = vi.fn()
    const up: Handler = () => new Response(new ReadableStream({ cancel: cancelled }, { highWaterMark: 0 }), { headers: { etag: '"x"' } })
    const { gateway, entries } = start(up, [hono(etag())])
    expect((await gateway.request('/', { headers: { 'if-none-match': '"x"' } })).status).toBe(304)
    await vi.waitFor(() => expect([entries.length, cancelled.mock.calls.length]).toEqual([1, 1]))
  })

  it('a function that throws, or answers with something else than a Response, is a 500', async () => {
    const { gateway } = start(() => {
      throw new Error('at 10.0.0.1')
    })
    const response = await gateway.request('/')
    expect([response.status, (await response.text()).includes('10.0.0.1')]).toEqual([500, false])
    expect((await start((() => undefined) as never).gateway.request('/')).status).toBe(500)
  })

  it.each([204, 304, 205])('a reply with %d has no body', async (status) => {
    const { gateway } = start(ok, [hono(through), plugin({ onRequest: () => ({ status, headers: new HeaderList(), body: '' }) })])
    expect((await gateway.request('/')).status).toBe(status)
  })
})
