import { etag } from 'hono/etag'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createGateway } from '../gateway.ts'
import { HeaderList } from '../headers.ts'
import { recorder } from '../../test/support/scripted.ts'
import type { Gateway } from '../gateway-types.ts'
import type { GatewayOptions } from '../options.ts'
import type { Hooks, Plugin } from '../plugin/plugin.ts'
import type { MiddlewareHandler } from 'hono'
import type { UpstreamHandler } from '../upstream/definition.ts'

let plugins = 0
function plugin(hooks: Hooks): Plugin {
  const name = `web-${(plugins += 1)}`
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: null }, setup: () => hooks }
}
const hono = (middleware: MiddlewareHandler): Plugin => plugin({ middleware })

interface Started {
  readonly gateway: Gateway
  readonly entries: ReturnType<typeof recorder>['entries']
}

function start(up: UpstreamHandler, list: readonly Plugin[] = [], options: GatewayOptions = {}): Started {
  const { accessLog, entries } = recorder()
  const gateway = createGateway({ upstreams: { up }, routes: [{ path: '/users/:id', upstream: 'up' }, { path: '/*', upstream: 'up' }], plugins: list, accessLog, ...options })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return { gateway, entries }
}

const ok: UpstreamHandler = () => new Response('ok')
const through: MiddlewareHandler = (_c, next) => next()

describe('what a Hono middleware sees', () => {
  it('the path, parameters, template and method are true, and the gateway\'s context is at hand', async () => {
    const seen: unknown[] = []
    const { gateway } = start(ok, [
      hono(async (c, next) => {
        const octopus = (c as unknown as { get(key: 'octopus'): { id: string; route: { path: string } } }).get('octopus')
        seen.push(c.req.method, c.req.path, c.req.routePath, c.req.param(), c.req.param('id'), c.req.query('q'), octopus.route.path, octopus.id.length)
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
    expect(answers.map((answer) => answer.headers.get('x-seen'))).toEqual(['/users/:id {"id":"1"}', '/* {"*":"other/x"}', '/users/:id {"id":"2"}'])
  })

  it('c.header() after next works, also on an immutable Response of an in-process upstream', async () => {
    const { gateway } = start(async () => fetch('data:text/plain,fixed'), [
      hono(async (c, next) => {
        await next()
        c.header('x-after', '1')
        c.res.headers.append('set-cookie', 'a=1')
        c.res.headers.append('set-cookie', 'b=2')
      }),
    ])
    const response = await gateway.request('/')
    expect([response.headers.get('x-after'), response.headers.getSetCookie(), await response.text()]).toEqual(['1', ['a=1', 'b=2'], 'fixed'])
  })
})

describe('[R24] bodies that a middleware has read', () => {
  const echo: UpstreamHandler = async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return new Response(bytes, { headers: { 'x-type': request.headers.get('content-type') ?? '-' } })
  }
  const form = new FormData()
  form.set('a', 'ü')
  form.set('file', new Blob([new Uint8Array([0, 255, 13, 10])]), 'f.bin')

  it.each<[string, (c: Parameters<MiddlewareHandler>[0]) => Promise<unknown>, string, Uint8Array<ArrayBuffer>]>([
    ['json', (c) => c.req.json(), 'application/json', new TextEncoder().encode('{ "a" :  1.0 }')],
    ['text', (c) => c.req.text(), 'text/plain', new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xfe])],
    ['arrayBuffer', (c) => c.req.arrayBuffer(), 'application/octet-stream', new Uint8Array([0, 1, 254, 255])],
    ['urlencoded form', (c) => c.req.parseBody(), 'application/x-www-form-urlencoded', new TextEncoder().encode('a=%41&b=+')],
    ['raw clone', (c) => c.req.raw.clone().text(), 'text/plain', new TextEncoder().encode('clone me')],
  ])('[R24] %s: the POST does not hang and the upstream gets the same bytes', async (_name, read, type, bytes) => {
    const { gateway } = start(echo, [hono(async (c, next) => (await read(c), next()))])
    const response = await gateway.request('/', { method: 'POST', body: bytes, headers: { 'content-type': type } })
    expect(response.headers.get('x-type')).toBe(type)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  })

  it('[R24] multipart: the boundary stays the one of the client', async () => {
    const { gateway } = start(echo, [hono(async (c, next) => (expect((await c.req.parseBody())['a']).toBe('ü'), next()))])
    const sent = new Request('http://gateway.test/', { method: 'POST', body: form })
    const bytes = await sent.clone().arrayBuffer()
    const response = await gateway.fetch(sent)
    expect(response.headers.get('x-type')).toBe(sent.headers.get('content-type'))
    expect(await response.arrayBuffer()).toEqual(bytes)
  })

  it('[R24] an untouched body streams: the upstream sees its first piece before the last is sent', async () => {
    let finishUpload = (): void => {}
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode('first'))
        await new Promise<void>((resolve) => (finishUpload = resolve))
        controller.close()
      },
    })
    const up: UpstreamHandler = async (request) => {
      const { value } = await request.body!.getReader().read()
      return new Response(value)
    }
    const { gateway } = start(up, [hono(through)])
    const response = await gateway.request('/', { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(await response.text()).toBe('first')
    finishUpload()
  })

  it('a body over the limit is refused with 413', async () => {
    const { gateway } = start(echo, [hono(through)], { limits: { body: 10 } })
    expect((await gateway.request('/', { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413)
    expect((await gateway.request('/', { method: 'POST', body: 'x'.repeat(10) })).status).toBe(200)
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
    const phases = (name: string, hooks: Hooks = {}): Plugin => plugin({ onRequest: () => void seen.push(`${name} in`), onResponse: () => void seen.push(`${name} out`), ...hooks })
    const middleware = (name: string): Plugin => hono(async (_c, next) => (seen.push(`${name} in`), await next(), void seen.push(`${name} out`)))
    const { gateway } = start(ok, [phases('a'), phases('b'), middleware('M'), phases('c')])
    await gateway.request('/')
    expect(seen).toEqual(['a in', 'b in', 'M in', 'c in', 'c out', 'M out', 'b out', 'a out'])
    seen.length = 0
    const denying = start(ok, [middleware('M'), phases('a', { onRequest: () => ({ status: 403, headers: new HeaderList(), body: '' }) }), phases('b'), middleware('N'), phases('c')])
    expect((await denying.gateway.request('/')).status).toBe(403)
    expect(seen).toEqual(['M in', 'b out', 'a out', 'M out', 'c out'])
  })

  it('onResponse may remove a field', async () => {
    const { gateway } = start(() => new Response('ok', { headers: { 'x-internal': '1' } }), [plugin({ onResponse: (_ctx, head) => head.headers.delete('x-internal') }), hono(through)])
    const response = await gateway.request('/')
    expect(response.headers.has('x-internal')).toBe(false)
    expect(await response.text()).toBe('ok')
  })
})

describe('failures on the web lane', () => {
  const problems: [string, Plugin[]][] = [
    ['a middleware that throws after next', [hono(async (_c, next) => (await next(), Promise.reject(new Error('secret'))))]],
    ['a middleware that throws something else than an Error', [hono(async (_c, next) => (await next(), Promise.reject('secret' as never)))]],
    ['an onResponse that throws', [hono(through), plugin({ onResponse: () => Promise.reject(new Error('secret')) })]],
    ['an onResponse before a middleware that throws', [plugin({ onResponse: () => Promise.reject(new Error('secret')) }), hono(through)]],
    ['an onResponse that throws for a reply it did not reach', [hono(async (c) => c.text('early')), plugin({ onResponse: () => Promise.reject(new Error('secret')) })]],
    ['a middleware that throws before next', [hono(() => Promise.reject(new Error('secret')))]],
    ['a middleware that neither answers nor goes on', [hono(async () => {})]],
    ['an onRequest that throws', [hono(through), plugin({ onRequest: () => Promise.reject(new Error('secret')) })]],
  ]

  it.each(problems)('[R8] %s gives a clean problem, ends the request and gives up the upstream', async (_name, list) => {
    const [reached, cancelled] = [vi.fn(), vi.fn()]
    const streaming: UpstreamHandler = () => {
      reached()
      return new Response(new ReadableStream({ cancel: cancelled }, { highWaterMark: 0 }), { headers: { 'content-length': '6', 'set-cookie': 'a=1', 'x-up': '1' } })
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

  it('a middleware that answers in the upstream\'s place ends the request and cancels what nobody reads', async () => {
    const cancelled = vi.fn()
    const up: UpstreamHandler = () => new Response(new ReadableStream({ cancel: cancelled }, { highWaterMark: 0 }), { headers: { etag: '"x"' } })
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

describe('the web lane and in-process upstreams', () => {
  it('serves a Hono app, with target, host and forwarding fields', async () => {
    const app = new Hono().all('*', (c) => c.json({ url: c.req.url, method: c.req.method, via: c.req.header('via'), host: c.req.header('host'), proto: c.req.header('x-forwarded-proto') }))
    const { gateway } = start(app.fetch)
    expect(await (await gateway.fetch(new Request('https://shop.test/a%2Fb?x=%20', { method: 'DELETE' }))).json()).toEqual({ url: 'http://shop.test/a%2Fb?x=%20', method: 'DELETE', via: '1.1 octopus', host: 'shop.test', proto: 'https' })
  })

  it('[R23] HEAD stays HEAD and keeps the length', async () => {
    const methods: string[] = []
    const up: UpstreamHandler = (request) => (methods.push(request.method), new Response(request.method === 'HEAD' ? null : 'four', { headers: { 'content-length': '4' } }))
    for (const list of [[], [hono(through)]]) {
      const response = await start(up, list).gateway.request('/', { method: 'HEAD' })
      expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '4', ''])
    }
    expect(methods).toEqual(['HEAD', 'HEAD'])
  })

  it.each([false, true])('[R16] streams: a piece arrives before the next is made (middleware: %s)', async (hasMiddleware) => {
    let more = (): void => {}
    const up: UpstreamHandler = () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode('piece'))
            await new Promise<void>((resolve) => (more = resolve))
          },
        }),
      )
    const { gateway, entries } = start(up, hasMiddleware ? [hono(through)] : [])
    const reader = (await gateway.request('/')).body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('piece')
    more()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('piece')
    expect(entries).toHaveLength(0)
    await reader.cancel()
    expect(entries.map(({ status }) => status)).toEqual([200])
  })

  it.each([false, true])('[R21] an abort of the client reaches the function (middleware: %s)', async (hasMiddleware) => {
    let signal: AbortSignal | undefined
    const up: UpstreamHandler = (request) => ((signal = request.signal), new Promise<Response>(() => {}))
    const { gateway, entries } = start(up, hasMiddleware ? [hono(through)] : [])
    const abort = new AbortController()
    const pending = gateway.request('/', { signal: abort.signal })
    await vi.waitFor(() => expect(signal).toBeDefined())
    abort.abort()
    expect((await pending).status).toBe(499)
    expect(signal!.aborted).toBe(true)
    expect(entries.map(({ status }) => status)).toEqual([499])
  })

  it('[R21] an abort in the middle of the body breaks it and cancels the function\'s stream', async () => {
    const cancelled = vi.fn()
    const up: UpstreamHandler = () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1)), cancel: cancelled }))
    const { gateway, entries } = start(up)
    const abort = new AbortController()
    const reader = (await gateway.request('/', { signal: abort.signal })).body!.getReader()
    await reader.read()
    abort.abort()
    await expect(reader.read()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    await vi.waitFor(() => expect([cancelled.mock.calls.length, entries.length]).toEqual([1, 1]))
  })

  it('[R21] an abort while a plugin works on the answer leaves nothing open', async () => {
    const abort = new AbortController()
    const { gateway, entries } = start(() => new Response('x'.repeat(100)), [plugin({ onResponse: async () => abort.abort() })])
    const response = await gateway.request('/', { signal: abort.signal })
    await expect(response.text()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    expect(entries).toHaveLength(1)
  })

  it('a request that was aborted before it came in sends nothing', async () => {
    const up = vi.fn(ok)
    const { gateway } = start(up)
    await gateway.ready
    const abort = new AbortController()
    const request = new Request('http://gateway.test/', { signal: abort.signal })
    abort.abort()
    expect((await gateway.fetch(request)).status).toBe(499)
    expect(up).not.toHaveBeenCalled()
  })

  it('504 when the function does not answer in time, with or without a body it never reads', async () => {
    const { gateway } = start(() => new Promise<Response>(() => {}), [], { routing: { timeout: 60, idleTimeout: 60 } })
    expect((await gateway.request('/')).status).toBe(504)
    expect((await gateway.request('/', { method: 'POST', body: 'x'.repeat(10) })).status).toBe(504)
  })
})

describe('the way out through fetch', () => {
  it('sends what came, follows no redirect and offers only codings that fetch decodes', async () => {
    const calls: [string, RequestInit][] = []
    const fetch: typeof globalThis.fetch = async (input, init) => (calls.push([String(input), init!]), new Response('gone', { status: 302, headers: { location: 'http://10.0.0.1/', 'content-encoding': 'gzip', 'content-length': '99' } }))
    const { gateway } = start(ok, [], { upstreams: { up: ['http://a.test:81'] }, fetch })
    const response = await gateway.request('/a%2Fb?c', { headers: { 'accept-encoding': 'zstd', 'x-a': '1' } })
    expect([response.status, response.headers.get('location')]).toEqual([302, 'http://10.0.0.1/'])
    expect([response.headers.get('content-encoding'), response.headers.get('content-length')]).toEqual([null, null])
    const [url, init] = calls[0]!
    expect([url, init.method, init.redirect]).toEqual(['http://a.test:81/a%2Fb?c', 'GET', 'manual'])
    const headers = init.headers as Headers
    expect([headers.get('x-a'), headers.get('accept-encoding'), headers.get('host')]).toEqual(['1', null, 'gateway.test'])
  })

  it.each([
    ['ECONNREFUSED', 'UPSTREAM_CONNECT'],
    ['UND_ERR_SOCKET', 'UPSTREAM_RESET'],
  ])('%s is %s', async (code, expected) => {
    const fetch = async (): Promise<Response> => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code } }))
    const { gateway } = start(ok, [], { upstreams: { up: ['http://a.test'] }, fetch })
    expect(await (await gateway.request('/', { method: 'POST' })).json()).toMatchObject({ code: expected })
  })
})
