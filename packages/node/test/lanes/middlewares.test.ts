import { createHash, randomBytes } from 'node:crypto'
import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import { whole } from './support/client.ts'
import type { Hooks, Plugin } from '@octopus-gateway/core'

let made = 0
function plugin(hooks: Hooks): Plugin {
  const name = `plugin-${made++}`
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: null }, setup: () => hooks }
}

const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const BYTES = randomBytes(300_000)

describeLanes('plugins', (lane) => {
  test('phases run in order and may change heads', async () => {
    const seen: string[] = []
    const noting = (name: string): Plugin =>
      plugin({
        onRequest: () => void seen.push(`${name} request`),
        onUpstreamRequest: (_ctx, head) => {
          seen.push(`${name} upstream request`)
          head.headers.append('x-from', name)
        },
        onUpstreamResponse: () => void seen.push(`${name} upstream response`),
        onResponse: async (_ctx, head) => {
          await Promise.resolve()
          seen.push(`${name} response`)
          head.headers.set(`x-${name}`, 'yes')
          head.headers.delete('x-inner')
        },
        onFinish: () => void seen.push(`${name} finish`),
      })
    const up = await service((_request, response) => void response.writeHead(200, { 'x-inner': 'secret' }).end('ok'))
    const { send } = await lane.start({ ...to(up), plugins: [noting('a'), noting('b')] })
    const answer = await send({})
    expect([answer.status, answer.header('x-a'), answer.header('x-b'), answer.header('x-inner')]).toEqual([200, 'yes', 'yes', undefined])
    await waitFor(() => seen.includes('b finish'))
    expect(seen.slice(0, 8)).toEqual([
      'a request',
      'b request',
      'a upstream request',
      'b upstream request',
      'b upstream response',
      'a upstream response',
      'b response',
      'a response',
    ])
  })

  test('a reply of a plugin never reaches the upstream, and its response hooks run', async () => {
    const up = await service()
    const { HeaderList } = await import('@octopus-gateway/core')
    const guard = plugin({
      onRequest: () => ({ status: 401, headers: new HeaderList(['content-type', 'text/plain', 'content-length', '2']), body: 'no' }),
    })
    const marking = plugin({ onResponse: (_ctx, head) => head.headers.set('x-marked', '1') })
    const { send } = await lane.start({ ...to(up), plugins: [marking, guard] })
    const answer = await send({ method: 'POST', body: 'data' })
    expect([answer.status, answer.text, answer.header('x-marked'), up.count]).toEqual([401, 'no', '1', 0])
    expect((await send({ method: 'HEAD' })).body).toHaveLength(0)
  })

  test.each(['onRequest', 'onUpstreamRequest', 'onUpstreamResponse', 'onResponse'] as const)(
    'a plugin that throws in %s is a 500 that tells nothing',
    async (phase) => {
      const up = await service((_request, response) => void response.end('x'.repeat(200_000)))
      const throwing = plugin({
        [phase]: () => {
          throw new Error('secret reason')
        },
      })
      const { send, gateway } = await lane.start({ ...to(up), plugins: [throwing] })
      const answer = await send({})
      expect([answer.status, answer.json()['code']]).toEqual([500, 'INTERNAL'])
      expect(answer.text).not.toContain('secret')
      await waitFor(() => gateway.endpoints(gateway.snapshot.upstreams.get('up')!)[0]!.active === 0)
    },
  )

  test('trap 7: a function as upstream may give an immutable answer', async () => {
    const { send } = await lane.start({
      upstreams: {
        up: async (request) =>
          new URL(request.url).pathname === '/go'
            ? Response.redirect('http://elsewhere.test/', 302)
            : Response.json({ got: await request.text() }),
      },
      routes: [{ path: '/*', upstream: 'up' }],
      plugins: [plugin({ onResponse: (_ctx, head) => head.headers.set('x-added', '1') })],
    })
    const redirect = await send({ path: '/go' })
    expect([redirect.status, redirect.header('location'), redirect.header('x-added')]).toEqual([302, 'http://elsewhere.test/', '1'])
    expect((await send({ method: 'POST', path: '/x', body: 'hello' })).json()).toEqual({ got: 'hello' })
  })

  test('a function that throws is a 500', async () => {
    const { send } = await lane.start({
      upstreams: {
        up: () => {
          throw new Error('secret')
        },
      },
      routes: [{ path: '/*', upstream: 'up' }],
    })
    const answer = await send({})
    expect([answer.status, answer.json()['code'], answer.text.includes('secret')]).toEqual([500, 'INTERNAL', false])
  })
})

describeLanes(
  'middlewares',
  (lane) => {
    test.each([
      ['text', 'POST', undefined],
      ['arrayBuffer', 'PUT', undefined],
      ['half', 'POST', undefined],
      ['nothing', 'POST', undefined],
      ['text', 'POST', 1_000_000],
    ] as const)('[R24] what a middleware reads (%s) reaches the upstream byte for byte', async (how, method, limit) => {
      const up = await service(async (request, response) => {
        const pieces: Buffer[] = []
        for await (const piece of request) pieces.push(piece as Buffer)
        response.end(sha(Buffer.concat(pieces)))
      })
      const reading = plugin({
        middleware: async (c, next) => {
          if (how === 'text') await c.req.text()
          if (how === 'arrayBuffer') await c.req.arrayBuffer()
          if (how === 'half') await c.req.raw.body!.getReader().read()
          await next()
        },
      })
      const { send } = await lane.start({ ...to(up), plugins: [reading], ...(limit === undefined ? {} : { limits: { body: limit } }) })
      // Random bytes are not UTF-8 and begin with no mark: reading them as text loses some.
      expect((await send({ method, body: BYTES })).text).toBe(sha(BYTES))
      const chunked = (async function* () {
        for (let at = 0; at < BYTES.length; at += 30_000) yield BYTES.subarray(at, at + 30_000)
      })()
      expect((await send({ method, body: chunked })).text).toBe(sha(BYTES))
    })

    test('[R24] a form that was parsed keeps its boundary', async () => {
      const up = await service()
      const seen: unknown[] = []
      const parsing = plugin({
        middleware: async (c, next) => {
          seen.push((await c.req.formData()).get('field'))
          await next()
        },
      })
      const { send } = await lane.start({ ...to(up), plugins: [parsing] })
      const body = '--frontier\r\ncontent-disposition: form-data; name="field"\r\n\r\nvalue\r\n--frontier--\r\n'
      const answer = await send({ method: 'POST', headers: [['content-type', 'multipart/form-data; boundary=frontier']], body })
      expect(answer.json()).toMatchObject({ body })
      expect(seen).toEqual(['value'])
    })

    test('a body that a middleware replaced goes with its own length', async () => {
      const up = await service()
      const replacing = plugin({
        middleware: async (c, next) => {
          c.req.raw = new Request(c.req.url, { method: 'POST', body: `${await c.req.text()} and more` })
          await next()
        },
      })
      const { send } = await lane.start({ ...to(up), plugins: [replacing] })
      expect((await send({ method: 'POST', body: 'data' })).json()).toMatchObject({ body: 'data and more' })
    })

    test('a limit counts what a middleware reads', async () => {
      const up = await service()
      const reading = plugin({
        middleware: async (c, next) => {
          await c.req.text()
          await next()
        },
      })
      const { sendAlone } = await lane.start({ ...to(up), plugins: [reading], limits: { body: 1000 } })
      const endless = (async function* () {
        for (let i = 0; i < 100; i++) yield Buffer.alloc(500)
      })()
      const answer = await sendAlone({ method: 'POST', body: endless }, 'the client may still be sending')
      expect([answer.status, answer.json()['code'], up.count]).toEqual([413, 'BODY_TOO_LARGE', 0])
    })

    test('a middleware that gives a body up in the middle breaks nothing', async () => {
      const up = await service()
      const cancelling = plugin({
        middleware: async (c) => {
          const reader = c.req.raw.body!.getReader()
          await reader.read()
          await reader.cancel()
          return c.text('enough', 413)
        },
      })
      const { sendAlone } = await lane.start({ ...to(up), plugins: [cancelling] })
      for (let i = 0; i < 5; i++) {
        const body = (async function* () {
          for (let piece = 0; piece < 50; piece++) yield Buffer.alloc(60_000)
        })()
        const answer = await sendAlone({ method: 'POST', body }, 'the client may still be sending')
        expect([answer.status, answer.text]).toEqual([413, 'enough'])
      }
      expect(up.count).toBe(0)
    })

    test("trap 3: fields set after the answer arrive, a middleware's own answer and HTTPException too", async () => {
      const up = await service((_request, response) => void response.end('ok'))
      const { HTTPException } = await import('hono/http-exception')
      const setting = plugin({
        middleware: async (c, next) => {
          if (c.req.path === '/stop') return c.text('stopped', 403)
          if (c.req.path === '/throw') throw new HTTPException(418, { message: 'teapot' })
          await next()
          c.header('x-after', '1')
          c.header('set-cookie', 'a=1', { append: true })
          c.header('set-cookie', 'b=2', { append: true })
        },
      })
      const { send } = await lane.start({ ...to(up), plugins: [setting] })
      const answer = await send({})
      expect([answer.text, answer.header('x-after')]).toEqual(['ok', '1'])
      expect(answer.values('set-cookie')).toEqual(['a=1', 'b=2'])
      expect([(await send({ path: '/stop' })).text, up.count]).toEqual(['stopped', 1])
      expect([(await send({ path: '/throw' })).status, up.count]).toEqual([418, 1])
    })

    test('trap 2: the true method is kept: HEAD goes upstream as HEAD', async () => {
      const up = await service((_request, response) => void response.writeHead(200, { 'content-length': '9' }).end())
      const methods: string[] = []
      const noting = plugin({
        middleware: async (c, next) => {
          methods.push(c.req.method)
          await next()
        },
      })
      const { send } = await lane.start({ ...to(up), plugins: [noting] })
      const answer = await send({ method: 'HEAD' })
      expect([answer.header('content-length'), up.requests[0]!.method, methods]).toEqual(['9', 'HEAD', ['HEAD']])
    })

    test("a middleware sees the path, the parameters and the gateway's context", async () => {
      const up = await service((_request, response) => void response.end('ok'))
      const seen: unknown[] = []
      const noting = plugin({
        middleware: async (c, next) => {
          seen.push(c.req.path, c.req.param(), c.req.query('q'), (c.get('octopus' as never) as { route: { path: string } }).route.path)
          await next()
        },
      })
      const { send } = await lane.start({ ...to(up), routes: [{ path: '/items/:id', upstream: 'up' }], plugins: [noting] })
      await send({ path: '/items/a%2Fb%25c?q=1' })
      expect(seen).toEqual(['/items/a%2Fb%25c', { id: 'a/b%c' }, '1', '/items/:id'])
    })

    test('a middleware that throws is a 500; the answer it threw away is given up', async () => {
      const up = await service((_request, response) => {
        response.write('the beginning of something endless')
      })
      const throwing = plugin({
        middleware: async (c, next) => {
          await next()
          if (c.req.path === '/throw') throw new Error('secret')
          c.res = new Response('instead', { status: 203 })
        },
      })
      const { send, gateway } = await lane.start({ ...to(up), plugins: [throwing] })
      const replaced = await send({ path: '/replace' })
      expect([replaced.status, replaced.text]).toEqual([203, 'instead'])
      const failed = await send({ path: '/throw' })
      expect([failed.status, failed.json()['code'], failed.text.includes('secret')]).toEqual([500, 'INTERNAL', false])
      await waitFor(() => up.requests.every((request) => request.state === 'aborted'), { what: 'both upstream requests to be given up' })
      expect(gateway.endpoints(gateway.snapshot.upstreams.get('up')!)[0]!.active).toBe(0)
    })

    test('a middleware may change the body as it goes by', async () => {
      const up = await service((_request, response) => void response.end('quiet'))
      const shouting = plugin({
        middleware: async (c, next) => {
          await next()
          const upper = new TransformStream<Uint8Array, Uint8Array>({
            transform: (piece, controller) => controller.enqueue(Buffer.from(Buffer.from(piece).toString().toUpperCase())),
          })
          c.res = new Response(c.res.body!.pipeThrough(upper), c.res)
        },
      })
      const { send } = await lane.start({ ...to(up), plugins: [shouting] })
      const answer = await whole(await (await lane.start({ ...to(up), plugins: [shouting] })).open({}))
      expect(answer.text).toBe('QUIET')
      expect((await send({})).text).toBe('QUIET')
    })
  },
  { only: ['fetch', 'web'], because: 'a Hono middleware puts a route on the web lane' },
)
