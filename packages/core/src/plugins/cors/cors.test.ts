import { auth, cors } from '@octopus-gateway/core/plugins'
import { createGateway } from '@octopus-gateway/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { hono } from '../../../test/support/web.ts'
import { TokenProvider, who } from '../../../test/support/auth.ts'
import type { ConfigError, Gateway, Plugin, RouteDefinition } from '@octopus-gateway/core'
import type { CorsOptions } from '@octopus-gateway/core/plugins'

const SHOP = 'https://shop.example'

function start(
  options: CorsOptions | undefined,
  more: { route?: Partial<RouteDefinition>; plugins?: readonly Plugin[]; up?: () => Response } = {},
): Gateway {
  const gateway = createGateway({
    upstreams: { up: more.up ?? (() => new Response('ok')) },
    routes: [{ path: '/*', upstream: 'up', ...more.route }],
    plugins: [cors(options), ...(more.plugins ?? [])],
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

function preflight(origin = SHOP, method = 'PUT', fields: Record<string, string> = {}): RequestInit {
  return { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method, ...fields } }
}

function corsFields(response: Response): Record<string, string> {
  return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')))
}

describe('preflights', () => {
  it('[R6] are answered for the route of the method they ask for', async () => {
    const up = vi.fn(() => new Response('ok'))
    const gateway = start({ allowedOrigins: [SHOP] }, { up, route: { methods: ['GET', 'PUT'] } })
    const response = await gateway.request('/', preflight(SHOP, 'PUT', { 'access-control-request-headers': 'Content-Type, X-Mine' }))
    expect([response.status, response.body]).toEqual([204, null])
    expect(corsFields(response)).toEqual({
      'access-control-allow-origin': SHOP,
      'access-control-allow-methods': 'GET, PUT, HEAD',
      'access-control-allow-headers': 'Content-Type, X-Mine',
      'access-control-max-age': '600',
    })
    expect(response.headers.get('vary')).toBe('Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    expect(up).not.toHaveBeenCalled()
  })

  it('[R6] for another origin get no fields but Vary', async () => {
    const response = await start({ allowedOrigins: [SHOP], allowCredentials: true }).request('/', preflight('https://evil.test'))
    expect([response.status, corsFields(response)]).toEqual([204, {}])
    expect(response.headers.get('vary')).toContain('Origin')
    expect(corsFields(await start(undefined).request('/', preflight()))).toEqual({})
  })

  it('[R6] come before authentication, and only they do', async () => {
    const guard = auth({ providers: [new TokenProvider('main', { ann: who('ann') })] })
    const gateway = start({ allowedOrigins: [SHOP] }, { plugins: [guard] })
    expect((await gateway.request('/', preflight())).status).toBe(204)
    const others: RequestInit[] = [
      { method: 'OPTIONS' },
      { method: 'OPTIONS', headers: { origin: SHOP } },
      { method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } },
      { method: 'PUT', headers: { origin: SHOP, 'access-control-request-method': 'PUT' } },
      { method: 'GET', headers: { origin: SHOP, 'access-control-request-method': 'GET' } },
    ]
    for (const other of others) expect((await gateway.request('/', other)).status, JSON.stringify(other)).toBe(401)
  })

  it('[R6] on a route with a Hono middleware are answered before it', async () => {
    const seen = vi.fn()
    const gateway = start({ allowedOrigins: [SHOP] }, { plugins: [hono((_c, next) => (seen(), next()))] })
    const response = await gateway.request('/', preflight())
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, SHOP])
    expect(seen).not.toHaveBeenCalled()
    await gateway.request('/', { method: 'OPTIONS' })
    expect(seen).toHaveBeenCalledOnce()
  })

  it('without a cors policy on the route go to the upstream like any OPTIONS', async () => {
    const gateway = createGateway({
      upstreams: { up: (request) => new Response(`up ${request.method}`) },
      routes: [{ path: '/*', upstream: 'up' }],
    })
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    expect(await (await gateway.request('/', preflight())).text()).toBe('up OPTIONS')
  })

  it('[R6] methods and fields of its own, credentials, and no private network', async () => {
    const gateway = start({
      allowedOrigins: [SHOP],
      allowedMethods: ['GET', 'purge'],
      allowedHeaders: ['X-One'],
      allowCredentials: true,
      maxAge: '1h',
    })
    const response = await gateway.request('/', preflight(SHOP, 'PURGE', { 'access-control-request-private-network': 'true' }))
    expect(corsFields(response)).toEqual({
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, PURGE',
      'access-control-allow-headers': 'x-one',
      'access-control-max-age': '3600',
    })
  })

  it('[R6] echo names only', async () => {
    const hostile = { 'access-control-request-headers': 'x-ok, bad name, x:y, <script>, x-fine' }
    const response = await start({ allowedOrigins: ['*'] }).request('/', preflight(SHOP, 'PUT', hostile))
    expect(corsFields(response)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-ok, x-fine',
    })
  })
})

describe('answers', () => {
  it('[R6] are readable for allowed origins only, and always vary', async () => {
    const gateway = start({ allowedOrigins: [SHOP, 'https://*.shop.example'], exposedHeaders: ['X-Total'], allowCredentials: true })
    const ask = (origin?: string): Promise<Response> => gateway.request('/', origin === undefined ? {} : { headers: { origin } })
    expect(corsFields(await ask('https://m.shop.example'))).toEqual({
      'access-control-allow-origin': 'https://m.shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-total',
    })
    for (const origin of ['https://evil.test', 'null', undefined]) {
      const response = await ask(origin)
      expect([response.status, corsFields(response), response.headers.get('vary')]).toEqual([200, {}, 'Origin'])
    }
  })

  it('[R6] `*` is the same for everybody: no Vary, no credentials', async () => {
    const response = await start({ allowedOrigins: ['*'] }).request('/', { headers: { origin: 'null' } })
    expect([corsFields(response), response.headers.get('vary')]).toEqual([{ 'access-control-allow-origin': '*' }, null])
  })

  it("[R6] an upstream's own fields are replaced, its Vary is kept", async () => {
    const up = (): Response =>
      new Response('ok', {
        headers: {
          'Access-Control-Allow-Origin': '*',
          'Access-Control-Allow-Credentials': 'true',
          'Access-Control-Allow-Private-Network': 'true',
          'Access-Control-Expose-Headers': 'x-secret',
          Vary: 'Accept',
        },
      })
    const gateway = start({ allowedOrigins: [SHOP] }, { up })
    const allowed = await gateway.request('/', { headers: { origin: SHOP } })
    expect([corsFields(allowed), allowed.headers.get('vary')]).toEqual([{ 'access-control-allow-origin': SHOP }, 'Accept, Origin'])
    expect(corsFields(await gateway.request('/', { headers: { origin: 'https://evil.test' } }))).toEqual({})
    expect(corsFields(await start(undefined, { up }).request('/', { headers: { origin: SHOP } }))).toEqual({})
  })

  it('refusals and what matches nothing are readable too', async () => {
    const guard = auth({ providers: [new TokenProvider('main', {})] })
    const gateway = start({ allowedOrigins: [SHOP] }, { plugins: [guard], route: { path: '/only' } })
    for (const [path, status] of [
      ['/only', 401],
      ['/else', 404],
    ] as const) {
      const response = await gateway.request(path, { headers: { origin: SHOP } })
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([status, SHOP])
    }
  })
})

describe('configuration', () => {
  it.each([
    [{ allowedOrigins: ['*'], allowCredentials: true }, /plugin cors: allowedOrigins .*name the origins/],
    [{ allowedOrigins: [SHOP], allowCredentials: true, allowedHeaders: ['*'] }, /browsers take "\*" for a name/],
    [{ allowedOrigins: ['null'] }, /allowedOrigins\.0 .*sandboxed/],
    [{ allowedOrigins: ['shop.example'] }, /allowedOrigins\.0 .*is not an origin/],
    [{ allowedMethods: ['GET POST'] }, /allowedMethods\.0/],
    [{ exposedHeaders: ['x y'] }, /exposedHeaders\.0/],
    [{ maxAge: '10 minutes' as never }, /maxAge .*is not a duration/],
    [{ origins: [SHOP] } as never, /origins/],
  ])('[R6] %o is refused', async (options, message) => {
    const error = (await start(options).ready.catch((thrown: unknown) => thrown)) as ConfigError
    expect(error.issues.map((issue) => `${issue.path} ${issue.message}`).join('\n')).toMatch(message)
  })
})
