import { ANN, guard } from '../../support/tokens.ts'
import { compression, cors, rateLimit, requestId } from '@octopus-gateway/core/plugins'
import { describeLanes } from '../support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { gunzipSync } from 'node:zlib'
import { service, to } from '../../support/upstreams.ts'
import type { Hooks, Plugin } from '@octopus-gateway/core'

const SHOP = 'https://shop.example'

function plugin(name: string, hooks: Hooks): Plugin {
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: hooks }, setup: () => hooks }
}

describeLanes('the pipeline', (lane) => {
  test('[R6] a preflight is answered before authentication and limits; any other OPTIONS is not', async () => {
    const up = await service()
    const plugins = [guard(), rateLimit({ rate: 1, per: '1h' }), cors({ allowedOrigins: [SHOP], allowCredentials: true }), compression()]
    const { send } = await lane.start({ ...to(up), routes: [{ path: '/*', methods: ['GET', 'PUT', 'OPTIONS'], upstream: 'up' }], plugins })
    for (let i = 0; i < 3; i++) {
      const answer = await send({
        method: 'OPTIONS',
        headers: [
          ['origin', SHOP],
          ['access-control-request-method', 'PUT'],
          ['access-control-request-headers', 'x-mine'],
        ],
      })
      expect([answer.status, answer.body.length]).toEqual([204, 0])
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'access-control-allow-origin': SHOP,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, PUT, OPTIONS, HEAD',
        'access-control-allow-headers': 'x-mine',
        'access-control-max-age': '600',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      })
      expect(answer.header('ratelimit')).toBeUndefined()
    }
    const plain = await send({ method: 'OPTIONS', headers: [['origin', SHOP]] })
    expect([plain.status, plain.header('access-control-allow-origin')]).toEqual([401, SHOP])
    expect(up.count).toBe(0)
    expect((await send({ method: 'OPTIONS', headers: [ANN, ['origin', SHOP]] })).status).toBe(200)
  })

  test('[R6] a preflight for a method that no route has is no preflight', async () => {
    const up = await service()
    const { send } = await lane.start({
      ...to(up),
      routes: [{ path: '/*', methods: ['GET'], upstream: 'up' }],
      plugins: [cors({ allowedOrigins: [SHOP] })],
    })
    const headers = [
      ['origin', SHOP],
      ['access-control-request-method', 'DELETE'],
    ] as const
    expect((await send({ method: 'OPTIONS', headers })).status).toBe(405)
    expect(up.count).toBe(0)
  })

  test('[R4] a middleware never sees an identity that the client claims, in any spelling and by any way to ask', async () => {
    const up = await service()
    const seen: unknown[] = []
    const looking = plugin('looking', {
      middleware: async (c, next) => {
        for (const name of ['x-auth-roles', 'X_Auth_Roles', 'x-user']) seen.push(c.req.header(name), c.req.raw.headers.get(name))
        seen.push(JSON.stringify(c.req.header()), JSON.stringify([...c.req.raw.clone().headers]))
        await next()
      },
    })
    const { send } = await lane.start({ ...to(up), plugins: [looking, guard({ required: false, principalHeader: 'x-user' })] })
    for (const method of ['GET', 'POST']) {
      await send({
        method,
        headers: [
          ['x-auth-roles', 'admin'],
          ['X_Auth_Roles', 'admin'],
          ['X-User', 'root'],
        ],
      })
    }
    expect(seen).toHaveLength(16)
    expect(seen.join(' ')).not.toMatch(/admin|root/)
  })

  test('a refused upload does not hang, and the next request is served', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), plugins: [guard()] })
    const refused = await send({ method: 'POST', body: 'x'.repeat(300_000) })
    expect([refused.status, up.count]).toEqual([401, 0])
    const passed = await send({ method: 'POST', headers: [ANN], body: 'y'.repeat(50_000) })
    expect([passed.status, passed.json()['body_bytes']]).toEqual([200, 50_000])
  })

  test('[R34] limits survive an update of everything else', async () => {
    const up = await service()
    const { send, gateway } = await lane.start({ ...to(up), plugins: [rateLimit({ rate: 1, per: '1h' })] })
    expect((await send({})).status).toBe(200)
    await gateway.update({
      ...to(up),
      routes: [{ path: '/*', upstream: 'up', tags: ['new'] }],
      plugins: [rateLimit({ rate: 1, per: '1h' })],
    })
    expect((await send({})).status).toBe(429)
  })

  test('in list order on the way in, backward on the way out, whoever answers', async () => {
    const seen: string[] = []
    const noting = (name: string, hooks: Hooks = {}): Plugin =>
      plugin(name, { onRequest: () => void seen.push(`${name}>`), onResponse: () => void seen.push(`<${name}`), ...hooks })
    const up = await service()
    const { send } = await lane.start({ ...to(up), plugins: [noting('a'), noting('b'), noting('c')] })
    await send({})
    expect(seen.splice(0)).toEqual(['a>', 'b>', 'c>', '<c', '<b', '<a'])
    const refusing = await lane.start({
      ...to(up),
      plugins: [
        noting('a'),
        noting('b', {
          onRequest() {
            throw new Error('broken')
          },
        }),
        noting('c'),
      ],
    })
    expect((await refusing.send({})).status).toBe(500)
    expect(seen).toEqual(['a>', '<c', '<b', '<a'])
  })

  test('a plugin that fails in transform shows nothing of the answer that it was making', async () => {
    const up = await service((_request, response) => void response.writeHead(200, { 'x-secret': '1', 'content-length': '4' }).end('text'))
    const broken = plugin('broken', {
      transform() {
        throw new Error('broken')
      },
    })
    const { send } = await lane.start({ ...to(up), plugins: [broken] })
    const answer = await send({})
    expect([answer.status, answer.json()['code'], answer.header('x-secret')]).toEqual([500, 'INTERNAL', undefined])
  })

  test('[R27] a service in the same process is compressed like any other', async () => {
    const text = 'text '.repeat(1000)
    const handler = (): Response => new Response(text, { headers: { 'content-type': 'text/plain', 'content-length': '5000' } })
    const { sendAlone } = await lane.start({
      upstreams: { up: handler },
      routes: [{ path: '/*', upstream: 'up' }],
      plugins: [compression({ algorithms: ['gzip'] })],
    })
    const answer = await sendAlone({ headers: [['accept-encoding', 'gzip']] }, 'coders of different libraries make different bytes')
    expect([answer.header('content-encoding'), gunzipSync(answer.body).toString()]).toEqual(['gzip', text])
  })

  test('no built-in policy forces the web lane', async () => {
    const up = await service()
    const { gateway } = await lane.start({ ...to(up), plugins: [requestId(), guard(), rateLimit(), cors(), compression()] })
    expect(gateway.snapshot.routes[0]!.laneReason).toBe(lane.name.endsWith('web') ? 'middleware middleware' : null)
  })
})

describeLanes(
  'plugins and fields of one connection',
  (lane) => {
    test('[R13] Connection takes away nothing that a plugin sets, on either way', async () => {
      const names =
        'x-auth-principal, X-Auth-Roles, x-correlation-id, x-request-id, access-control-allow-origin, ratelimit, retry-after, x-set'
      const up = await service((_request, response) => void response.writeHead(200, { connection: `keep-alive, ${names}` }).end('ok'))
      const setting = plugin('setting', {
        onUpstreamRequest: (_ctx, head) => head.headers.set('x-set', 'by a plugin'),
        onUpstreamResponse: (_ctx, head) => head.headers.set('x-set', 'by a plugin'),
      })
      const plugins = [requestId({ header: 'x-correlation-id' }), cors({ allowedOrigins: [SHOP] }), rateLimit(), guard(), setting]
      const { sendAlone } = await lane.start({ ...to(up), plugins })
      const answer = await sendAlone(
        { headers: [ANN, ['origin', SHOP], ['connection', `keep-alive, ${names}`], ['x-set', 'by the client']] },
        'an id is new in every request',
      )
      expect(answer.status).toBe(200)
      const request = up.requests[0]!
      expect(['x-auth-principal', 'x-auth-roles', 'x-set'].map((name) => request.header(name))).toEqual(['ann', 'reader', 'by a plugin'])
      const id = request.header('x-correlation-id')
      expect([id, request.header('x-request-id')]).toEqual([expect.stringMatching(/^[\da-f]{32}$/), id])
      expect([answer.header('x-correlation-id'), answer.header('access-control-allow-origin'), answer.header('x-set')]).toEqual([
        id,
        SHOP,
        'by a plugin',
      ])
      expect(answer.header('ratelimit')).toBeDefined()
    })
  },
  { only: ['fetch', 'head', 'web'], because: 'HTTP/2 has no Connection field' },
)
