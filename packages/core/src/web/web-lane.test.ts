import { Hono } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import { plugin } from '../../test/support/scripted.ts'
import { hono, ok, start, through } from '../../test/support/web.ts'
import type { Handler } from '../../test/support/web.ts'

describe('the web lane and in-process upstreams', () => {
  it('serves a Hono app, with target, host and forwarding fields', async () => {
    const app = new Hono().all('*', (c) =>
      c.json({
        url: c.req.url,
        method: c.req.method,
        via: c.req.header('via'),
        host: c.req.header('host'),
        proto: c.req.header('x-forwarded-proto'),
      }),
    )
    const { gateway } = start(app.fetch)
    expect(await (await gateway.fetch(new Request('https://shop.test/a%2Fb?x=%20', { method: 'DELETE' }))).json()).toEqual({
      url: 'http://shop.test/a%2Fb?x=%20',
      method: 'DELETE',
      via: '1.1 octopus',
      host: 'shop.test',
      proto: 'https',
    })
  })

  it('[R23] HEAD stays HEAD and keeps the length', async () => {
    const methods: string[] = []
    const up: Handler = (request) => (
      methods.push(request.method),
      new Response(request.method === 'HEAD' ? null : 'four', { headers: { 'content-length': '4' } })
    )
    for (const list of [[], [hono(through)]]) {
      const response = await start(up, list).gateway.request('/', { method: 'HEAD' })
      expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '4', ''])
    }
    expect(methods).toEqual(['HEAD', 'HEAD'])
  })

  it.each([false, true])('[R16] streams: a piece arrives before the next is made (middleware: %s)', async (hasMiddleware) => {
    let more = (): void => {}
    const up: Handler = () =>
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
    const up: Handler = (request) => ((signal = request.signal), new Promise<Response>(() => {}))
    const { gateway, entries } = start(up, hasMiddleware ? [hono(through)] : [])
    const abort = new AbortController()
    const pending = gateway.request('/', { signal: abort.signal })
    await vi.waitFor(() => expect(signal).toBeDefined())
    abort.abort()
    expect((await pending).status).toBe(499)
    expect(signal!.aborted).toBe(true)
    expect(entries.map(({ status }) => status)).toEqual([499])
  })

  it("[R21] an abort in the middle of the body breaks it and cancels the function's stream", async () => {
    const cancelled = vi.fn()
    const up: Handler = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1)), cancel: cancelled }))
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
    const fetch: typeof globalThis.fetch = async (input, init) => (
      calls.push([String(input), init!]),
      new Response('gone', { status: 302, headers: { location: 'http://10.0.0.1/', 'content-encoding': 'gzip', 'content-length': '99' } })
    )
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
