import { auth, identity } from '@octopus-gateway/core/plugins'
import { definePlugin } from '@octopus-gateway/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeLanes } from '../../node/test/lanes/support/describe-lanes.ts'
import { jwt, jwtProvider } from '../src/index.ts'
import { SECRET, signedWithSecret, signer } from '../src/testing/tokens.ts'
import { service } from '../../node/test/support/upstreams.ts'
import { startKeyServer } from '../src/testing/key-server.ts'
import type { GatewayOptions, Plugin, RouteDefinition } from '@octopus-gateway/core'
import type { JWTPayload } from 'jose'
import type { RecordedRequest, Service } from '@octopus-gateway/testing'

/** The same in every lane, so that all of them send the same tokens. */
const NOW = Math.floor(Date.now() / 1000)
const soon = (): number => NOW + 600
const tokenOf = (claims: JWTPayload = {}): Promise<string> => signedWithSecret({ sub: 'ann', exp: soon(), ...claims })
const bearer = (token: string): [string, string] => ['authorization', `Bearer ${token}`]

const options = (up: Service, plugins: readonly Plugin[], auth?: RouteDefinition['auth']): GatewayOptions => ({
  upstreams: { up: [up.origin] },
  routes: [{ path: '/*', upstream: 'up', ...(auth === undefined ? {} : { auth }) }],
  plugins,
})

/** The identity as an upstream sees it. */
function seen(request: RecordedRequest): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase()
    if (name.startsWith('x-auth-')) (fields[name] ??= []).push(request.rawHeaders[i + 1]!)
  }
  return fields
}

describeLanes('jwt', (lane) => {
  test('without a token 401 and a challenge, and nothing reaches the upstream', async () => {
    const up = await service()
    const { send } = await lane.start(options(up, [jwt({ secret: SECRET })]))
    const answer = await send({ path: '/a' })
    expect(answer.status).toBe(401)
    expect(answer.values('www-authenticate')).toEqual(['Bearer realm="octopus"'])
    expect(answer.json()).toMatchObject({ code: 'UNAUTHENTICATED', title: 'Authentication is required' })
    for (const other of ['Basic YTpi', 'Negotiate x']) expect((await send({ headers: [['authorization', other]] })).status).toBe(401)
    expect(up.requests).toEqual([])
  })

  test('a token that does not count is refused, with the reason in the challenge and not in the body', async () => {
    const up = await service()
    const { send, sendAlone } = await lane.start(options(up, [jwt({ secret: SECRET, issuer: 'https://login.example' })]))
    const good = await tokenOf({ iss: 'https://login.example' })
    for (const [token, reason] of [
      ['garbage', 'error="invalid_token", error_description="The credential is not a signed JSON Web Token"'],
      ['two words', 'error="invalid_request", error_description="The credential is malformed"'],
      [`${good.slice(0, -4)}AAAA`, 'error="invalid_token", error_description="The signature of the token does not count here"'],
      [await tokenOf(), 'error="invalid_token", error_description="The token is from another issuer"'],
      [await tokenOf({ exp: soon() - 1200 }), 'error="invalid_token", error_description="The token has expired"'],
      [
        await signedWithSecret({ sub: 'ann' }, 'HS256', SECRET.toUpperCase()),
        'error="invalid_token", error_description="The signature of the token does not count here"',
      ],
    ] as const) {
      const answer = await send({ headers: [bearer(token)] })
      expect(answer.status, token).toBe(401)
      expect(answer.values('www-authenticate')).toEqual([`Bearer realm="octopus", ${reason}`])
      expect(answer.text).not.toMatch(/issuer|signature|expired/)
    }
    // The client of `node:http2` sends no second one.
    if (!lane.name.startsWith('h2')) {
      const several = await sendAlone({ headers: [bearer(good), bearer(good)] }, 'Headers joins both fields: malformed, not several')
      expect(several.status).toBe(401)
      expect(several.header('www-authenticate')).toContain('error="invalid_request"')
    }
    expect(up.requests).toEqual([])
    expect((await send({ headers: [bearer(good)] })).status).toBe(200)
  })

  test('a good token lets in, the first time and from the cache; the upstream learns who calls and gets the token', async () => {
    const up = await service()
    const { send } = await lane.start(options(up, [jwt({ secret: SECRET, rolesClaim: 'realm_access.roles' })]))
    const token = await tokenOf({
      sub: 'auth0|ann',
      realm_access: { roles: ['reader', 'head, of office'] },
      scope: 'orders:read orders:write',
    })
    for (let i = 0; i < 3; i++) expect((await send({ headers: [bearer(token)] })).status).toBe(200)
    for (const request of up.requests) {
      expect(seen(request)).toEqual({
        'x-auth-principal': ['auth0|ann'],
        'x-auth-roles': ['reader,head%2C%20of%20office'],
        'x-auth-scopes': ['orders:read orders:write'],
      })
      expect(request.header('authorization')).toBe(`Bearer ${token}`)
    }
    expect(up.requests).toHaveLength(3)
  })

  test('[R4] identity fields from outside never arrive, also not for callers without roles or at anonymous routes', async () => {
    const up = await service()
    const forged: [string, string][] = [
      ['x-auth-principal', 'root'],
      ['X-Auth-Roles', 'admin'],
      ['x-auth-roles', 'owner'],
      ['X-AUTH-SCOPES', 'all'],
    ]
    const plugins = [jwt({ secret: SECRET })]
    const closed = await lane.start(options(up, plugins))
    expect((await closed.send({ headers: [bearer(await tokenOf()), ...forged] })).status).toBe(200)
    expect(seen(up.requests[0]!)).toEqual({ 'x-auth-principal': ['ann'] })
    const open = await lane.start(options(up, plugins, false))
    expect((await open.send({ headers: forged })).status).toBe(200)
    expect(seen(up.requests[1]!)).toEqual({})
  })

  test('[R2] a route that names a provider, scopes or roles requires them', async () => {
    const up = await service()
    const cases: [NonNullable<RouteDefinition['auth']>, JWTPayload, number][] = [
      [{ scopes: ['orders:read', 'orders:write'] }, { scope: 'orders:write orders:read more' }, 200],
      [{ scopes: ['orders:read', 'orders:write'] }, { scope: 'orders:read' }, 403],
      [{ scopes: ['orders:read'] }, { scp: ['orders:read'] }, 200],
      [{ roles: ['admin', 'editor'] }, { roles: ['editor'] }, 200],
      [{ roles: ['admin', 'editor'] }, { roles: ['reader'] }, 403],
      [{ roles: ['admin'] }, {}, 403],
      [{ roles: ['admin'], scopes: ['all'] }, { roles: 'admin' }, 403],
      [{ providers: ['jwt-auth'] }, {}, 200],
    ]
    for (const [demand, claims, status] of cases) {
      // Where `auth` asks for nothing by itself, the route still does.
      for (const required of [true, false]) {
        const { send } = await lane.start(options(up, [auth({ providers: [jwtProvider({ secret: SECRET })], required })], demand))
        const token = bearer(await tokenOf(claims))
        expect((await send({})).status, JSON.stringify(demand)).toBe(401)
        for (let i = 0; i < 2; i++) {
          const answer = await send({ headers: [token] })
          expect(answer.status, JSON.stringify([demand, claims])).toBe(status)
          if (status === 403) expect(answer.header('www-authenticate')).toMatch(/^Bearer realm="octopus", error="insufficient_scope"/)
        }
      }
    }
  })

  test('[R1] no field of a request leads around the token', async () => {
    const up = await service()
    const { send } = await lane.start(options(up, [jwt({ secret: SECRET })]))
    for (const field of [
      ['accept', 'text/event-stream'],
      ['content-type', 'application/graphql'],
      ['x-http-method-override', 'OPTIONS'],
      ['x-original-url', '/public'],
    ] as [string, string][]) {
      for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD']) expect((await send({ method, headers: [field] })).status, field[0]).toBe(401)
    }
    expect(up.requests).toEqual([])
  })

  test('the keys of a key server: fetched, rotated, and 503 when nobody can tell', async () => {
    const up = await service()
    const [first, second] = [await signer('ES256', 'first'), await signer('RS256', 'second')]
    const keys = await startKeyServer([first.jwk, second.jwk])
    onTestFinished(() => keys[Symbol.asyncDispose]())
    const { send } = await lane.start(options(up, [jwt({ jwksUrl: keys.url, audience: 'shop' })]))
    for (const one of [first, second]) {
      for (let i = 0; i < 2; i++)
        expect((await send({ headers: [bearer(await one.sign({ sub: 'ann', aud: 'shop', exp: soon() }))] })).status).toBe(200)
    }
    const stranger = await signer('ES256', 'stranger')
    expect((await send({ headers: [bearer(await stranger.sign({ sub: 'ann', aud: 'shop', exp: soon() }))] })).status).toBe(401)
    expect(keys.requests).toHaveLength(1)
    keys.behave((_request, response) => void response.writeHead(500).end('secret details'))
    const down = await lane.start(options(up, [jwt({ jwksUrl: keys.url })]))
    const answer = await down.send({ headers: [bearer(await first.sign({ sub: 'ann', exp: soon() }))] })
    expect(answer.status).toBe(503)
    expect(answer.json()).toMatchObject({ code: 'AUTH_UNAVAILABLE' })
    expect(answer.text).not.toMatch(/secret|127\.0\.0\.1|keys/)
    // A request without a token needs no keys to be refused.
    expect((await down.send({})).status).toBe(401)
  })

  test('a token in a cookie or a query: the target goes on byte for byte', async () => {
    const up = await service()
    const { send } = await lane.start(options(up, [jwt({ secret: SECRET, from: ['cookie:session', 'query:access_token'] })]))
    const token = await tokenOf()
    expect((await send({ headers: [['cookie', `a=1; session=${token}`]] })).status).toBe(200)
    expect((await send({ path: `/a?x=%20&access_token=${token}` })).status).toBe(200)
    expect(up.requests[1]!.url).toBe(`/a?x=%20&access_token=${token}`)
    expect((await send({ headers: [bearer(token)] })).status).toBe(401)
  })

  test('[R5] two providers: each knows its own tokens, and the caller is of the one that vouches', async () => {
    const up = await service()
    const who: string[] = []
    const watch = definePlugin({
      name: 'watch',
      config: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
      setup: () => ({ onRequest: (ctx) => void who.push(`${ctx.get(identity)?.provider} ${ctx.get(identity)?.principal}`) }),
    })
    const providers = [
      jwtProvider({ secret: SECRET, issuer: 'https://staff.example' }, 'staff'),
      jwtProvider({ secret: SECRET, issuer: 'https://partners.example' }, 'partners'),
    ]
    const { send } = await lane.start({
      upstreams: { up: [up.origin] },
      routes: [
        { path: '/staff/*', upstream: 'up', auth: { providers: ['staff'] } },
        { path: '/*', upstream: 'up' },
      ],
      plugins: [auth({ providers }), watch(undefined)],
    })
    const [staff, partner] = [await tokenOf({ iss: 'https://staff.example' }), await tokenOf({ iss: 'https://partners.example' })]
    for (let i = 0; i < 2; i++) {
      for (const token of [staff, partner]) expect((await send({ path: '/a', headers: [bearer(token)] })).status).toBe(200)
      expect((await send({ path: '/staff/a', headers: [bearer(staff)] })).status).toBe(200)
      expect((await send({ path: '/staff/a', headers: [bearer(partner)] })).status).toBe(401)
    }
    expect(who).toEqual(Array.from({ length: 2 }, () => ['staff ann', 'partners ann', 'staff ann']).flat())
    expect((await send({ path: '/a', headers: [bearer(await tokenOf({ iss: 'https://other.example' }))] })).status).toBe(401)
  })
})

describe('configuration', () => {
  test('what is wrong is said when the gateway takes it up', async () => {
    const { createGateway } = await import('@octopus-gateway/core')
    await using gateway = createGateway({ plugins: [jwt({ secret: 'too short' })] })
    await expect(gateway.ready).rejects.toMatchObject({
      issues: [{ path: 'jwt-auth.secret', message: expect.stringContaining('HS256 needs at least 32 bytes') as string }],
    })
  })

  test('a configuration file finds the schema, the name and the provider at the factory', async () => {
    expect(jwt.pluginName).toBe('jwt-auth')
    expect(jwt.provider({ secret: SECRET }).name).toBe('jwt-auth')
    const issues = async (config: unknown) => (await jwt.config['~standard'].validate(config)).issues?.map(({ message }) => message)
    expect(await issues(Object.assign(Object.create(null), { secret: SECRET }))).toBeUndefined()
    expect(await issues({ secret: SECRET, key: 1 })).toHaveLength(1)
  })
})
