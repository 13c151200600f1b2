import { auth, identity } from '@octopus-gateway/core/plugins'
import { createGateway } from '@octopus-gateway/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hono } from '../../../test/support/web.ts'
import { plugin, recorder } from '../../../test/support/scripted.ts'
import { TokenProvider, who } from '../../../test/support/auth.ts'
import type { AuthOptions } from '@octopus-gateway/core/plugins'
import type { ConfigError, Gateway, GatewayOptions, RouteAuth, RouteDefinition, RouteSource } from '@octopus-gateway/core'

const ANN = who('ann', { roles: ['reader', 'writer'], scopes: ['orders:read', 'orders:write'] })

function provider(options: { late?: boolean } = {}): TokenProvider {
  return new TokenProvider(
    'main',
    { ann: ANN, bob: who('bob'), expired: { error: 'invalid_token', description: 'The "token" has\r\nexpired.' }, down: 'down' },
    options,
  )
}

/** A gateway whose upstream tells the fields it got. */
function start(options: Partial<AuthOptions>, route: Partial<RouteDefinition> = {}, more: GatewayOptions = {}): Gateway {
  const gateway = createGateway({
    upstreams: { up: (request) => Response.json(Object.fromEntries(request.headers)) },
    routes: [{ path: '/*', upstream: 'up', ...route }],
    plugins: [auth({ providers: [provider()], ...options })],
    ...more,
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

async function fields(response: Response): Promise<Record<string, string>> {
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, string>
}

describe.each([{ late: false }, { late: true }])('who may enter, with a provider that is late: $late', ({ late }) => {
  it('a caller who is known passes, and the upstream learns who it is', async () => {
    const gateway = start({ providers: [provider({ late })] })
    expect(await fields(await gateway.request('/', bearer('ann')))).toMatchObject({
      'x-auth-principal': 'ann',
      'x-auth-roles': 'reader,writer',
      'x-auth-scopes': 'orders:read orders:write',
    })
  })

  it('without a credential: 401 and a challenge without an error (RFC 6750, section 3.1)', async () => {
    const response = await start({ providers: [provider({ late })] }).request('/')
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="octopus"'])
    expect(await response.json()).toMatchObject({ code: 'UNAUTHENTICATED', title: 'Authentication is required' })
  })

  it('with one that does not count: 401 and the reason, fit for its quotes', async () => {
    const response = await start({ providers: [provider({ late })] }).request('/', bearer('expired'))
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="octopus", error="invalid_token", error_description="The ?token? has??expired."',
    ])
  })

  it('a provider that cannot tell: 503, nothing of the inside shown, the cause in the log', async () => {
    const { log, lines } = recorder()
    const response = await start({ providers: [provider({ late })] }, {}, { log }).request('/', bearer('down'))
    const text = await response.text()
    expect([response.status, JSON.parse(text)['code']]).toEqual([503, 'AUTH_UNAVAILABLE'])
    expect(text + JSON.stringify([...response.headers])).not.toContain('10.9.8.7')
    expect(JSON.stringify(lines)).toContain('10.9.8.7')
  })

  it('[R2] a route that names scopes or roles requires them', async () => {
    const demanding = (demand: RouteAuth): Gateway => start({ providers: [provider({ late })], required: false }, { auth: demand })
    const status = async (demand: RouteAuth, token?: string): Promise<number> =>
      (await demanding(demand).request('/', token === undefined ? {} : bearer(token))).status
    expect(await status({ scopes: ['orders:read', 'orders:write'] }, 'ann')).toBe(200)
    expect(await status({ scopes: ['orders:read', 'orders:delete'] }, 'ann')).toBe(403)
    expect(await status({ roles: ['admin', 'writer'] }, 'ann')).toBe(200)
    expect(await status({ roles: ['admin'] }, 'ann')).toBe(403)
    expect(await status({ roles: ['writer'], scopes: ['orders:delete'] }, 'ann')).toBe(403)
    expect(await status({ scopes: ['orders:read'] }, 'bob')).toBe(403)
    expect(await status({}, 'bob')).toBe(200)
    for (const demand of [{}, { scopes: ['a'] }, { roles: ['a'] }, { providers: ['main'] }, { scopes: [] }])
      expect(await status(demand), JSON.stringify(demand)).toBe(401)
  })
})

describe('who may enter', () => {
  it('[R2] permissions and further groups of rights must all hold', async () => {
    const claims = { permissions: ['users:read', 'users:write'] }
    const tokens = {
      ann: who('ann', { roles: ['reader'], claims }),
      text: who('text', { roles: ['reader', 'chief'], claims: { permissions: 'users:read users:write' } }),
      odd: who('odd', { roles: ['reader', 'chief'], claims: { permissions: { includes: 'users:read' } } }),
    }
    const status = async (demand: RouteAuth, token: string): Promise<number> =>
      (await start({ providers: [new TokenProvider('main', tokens)] }, { auth: demand }).request('/', bearer(token))).status
    expect(await status({ permissions: ['users:read'] }, 'ann')).toBe(200)
    expect(await status({ permissions: ['users:read', 'users:delete'] }, 'ann')).toBe(403)
    expect(await status({ permissions: ['users:read', 'users:write'] }, 'text')).toBe(200)
    expect(await status({ permissions: ['users:read'] }, 'odd')).toBe(403)
    expect(await status({ permissions: [] }, 'odd')).toBe(200)
    const both: RouteAuth = { roles: ['reader'], every: [{ roles: ['chief', 'boss'] }, { permissions: ['users:write'] }] }
    expect([await status(both, 'ann'), await status(both, 'text'), await status(both, 'odd')]).toEqual([403, 200, 403])
    expect(await status({ every: [{ scopes: ['a'] }] }, 'text')).toBe(403)
  })

  it('[R2] a route for nobody admits nobody, with and without a plugin, and tells no more to who is not known', async () => {
    const status = async (options: GatewayOptions, token?: string): Promise<unknown> => {
      const response = await start({}, { auth: 'nobody' }, options).request('/', token === undefined ? {} : bearer(token))
      return [response.status, ((await response.json()) as { code: string }).code]
    }
    expect(await status({ plugins: [] })).toEqual([503, 'AUTH_UNAVAILABLE'])
    expect(await status({}, 'ann')).toEqual([503, 'AUTH_UNAVAILABLE'])
    expect(await status({})).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('403 names the scopes that are needed, and never the roles', async () => {
    const byScope = await start({}, { auth: { scopes: ['orders:delete'] } }).request('/', bearer('ann'))
    expect(byScope.headers.get('www-authenticate')).toBe('Bearer realm="octopus", error="insufficient_scope", scope="orders:delete"')
    expect(await byScope.json()).toMatchObject({ code: 'FORBIDDEN' })
    const byRole = await start({}, { auth: { roles: ['chief'] } }).request('/', bearer('ann'))
    expect(byRole.headers.get('www-authenticate')).toBe('Bearer realm="octopus", error="insufficient_scope"')
    expect((await byRole.text()) + JSON.stringify([...byRole.headers])).not.toContain('chief')
  })

  it('required: false lets callers without a credential in, and nobody with a bad one', async () => {
    const gateway = start({ required: false })
    expect(await fields(await gateway.request('/'))).not.toHaveProperty('x-auth-principal')
    expect((await gateway.request('/', bearer('expired'))).status).toBe(401)
    expect((await gateway.request('/', bearer('down'))).status).toBe(503)
    expect((await gateway.request('/', bearer('ann'))).status).toBe(200)
  })

  it('auth: false asks nobody', async () => {
    const main = provider()
    const gateway = start({ providers: [main] }, { auth: false })
    expect((await gateway.request('/', bearer('down'))).status).toBe(200)
    expect(main.asked).toBe(0)
  })

  it.each([
    ['/status', 200],
    ['/status?x=1', 200],
    ['/status/', 401],
    ['/statusx', 401],
    ['/public/a', 200],
    ['/public/', 200],
    ['/public', 401],
    ['/publicx', 401],
    ['/%70ublic/a', 401],
    ['/other?/public/a', 401],
  ])('skipPaths: %s is %i', async (path, status) => {
    expect((await start({ skipPaths: ['/status', '/public/*'] }).request(path)).status).toBe(status)
  })

  it('[R2] skipPaths do not undo what a route demands', async () => {
    expect((await start({ skipPaths: ['/*'] }, { auth: { roles: ['reader'] } }).request('/')).status).toBe(401)
  })

  it('providers are asked in order until one knows the caller; a challenge for each scheme', async () => {
    const first = new TokenProvider('first', { ann: ANN })
    const second = new TokenProvider('second', { bob: who('bob'), ann: who('other') })
    const key = new TokenProvider('key', {}, { scheme: 'ApiKey' })
    const gateway = start({ providers: [first, second, key] })
    expect(await fields(await gateway.request('/', bearer('ann')))).toMatchObject({ 'x-auth-principal': 'ann' })
    expect([first.asked, second.asked, key.asked]).toEqual([1, 0, 0])
    expect(await fields(await gateway.request('/', bearer('bob')))).toMatchObject({ 'x-auth-principal': 'bob' })
    const nobody = await gateway.request('/', bearer('x'))
    expect(nobody.headers.get('www-authenticate')).toBe(
      'Bearer realm="octopus", error="invalid_token", error_description="The token is unknown.", ApiKey realm="octopus"',
    )
  })

  it('a provider that is down does not keep out whom another knows, and lets nobody in', async () => {
    const down = new TokenProvider('down', { ann: 'down', bob: 'down' })
    const gateway = start({ providers: [down, new TokenProvider('up', { ann: ANN })] })
    expect((await gateway.request('/', bearer('ann'))).status).toBe(200)
    expect((await gateway.request('/', bearer('bob'))).status).toBe(503)
  })

  it('[R2] only the providers that a route names count', async () => {
    const staff = new TokenProvider('staff', { ann: ANN })
    const gateway = start({ providers: [provider(), staff] }, { auth: { providers: ['staff'] } })
    expect((await gateway.request('/', bearer('bob'))).status).toBe(401)
    expect((await gateway.request('/', bearer('ann'))).status).toBe(200)
    expect(staff.asked).toBe(2)
  })

  it('several auth plugins on a route must each be satisfied, and each enforces its own providers', async () => {
    const gateway = start(
      { providers: [new TokenProvider('a', { ann: ANN, bob: who('bob') })] },
      {
        plugins: [auth({ providers: [new TokenProvider('b', { ann: ANN })] })],
        auth: { providers: ['b'] },
      },
    )
    expect((await gateway.request('/', bearer('bob'))).status).toBe(401)
    expect((await gateway.request('/', bearer('ann'))).status).toBe(200)
  })

  it('the identity is in its slot for plugins behind it', async () => {
    const seen: unknown[] = []
    const gateway = start(
      {},
      {},
      {
        plugins: [auth({ providers: [provider()] }), plugin({ onRequest: (ctx) => void seen.push(ctx.get(identity)) })],
      },
    )
    await gateway.request('/', bearer('ann'))
    expect(seen).toEqual([ANN])
  })
})

describe('identity fields', () => {
  const FORGED = {
    'x-auth-principal': 'root',
    X_Auth_Roles: 'admin',
    'x-auth_scopes': 'all',
    'x.auth.roles': 'admin',
    authorization: 'Bearer bob',
  }

  it('[R4] those of a client never reach the upstream, also for users without roles', async () => {
    const got = await fields(await start({}).request('/', { headers: FORGED }))
    expect(got['x-auth-principal']).toBe('bob')
    expect(JSON.stringify(got)).not.toMatch(/admin|root|"all"/)
  })

  it('[R4] nor on a gateway without an auth plugin, on a route without authentication, or to a middleware', async () => {
    const bare = start({}, {}, { plugins: [] })
    expect(JSON.stringify(await fields(await bare.request('/', { headers: FORGED })))).not.toMatch(/admin|root|"all"/)
    const open = start({}, { auth: false })
    expect(JSON.stringify(await fields(await open.request('/', { headers: FORGED })))).not.toMatch(/admin|root|"all"/)
    const seen: string[] = []
    const watching = start(
      {},
      {},
      {
        plugins: [
          hono(async (c, next) => {
            seen.push(JSON.stringify(c.req.header()), String(c.req.header('x-auth-roles')), String(c.req.raw.headers.get('x_auth_roles')))
            await next()
          }),
        ],
      },
    )
    await watching.request('/', { method: 'POST', headers: FORGED, body: 'text' })
    expect(seen).toHaveLength(3)
    expect(seen.join(' ')).not.toMatch(/admin|root|"all"/)
  })

  it('[R4] the same for names of its own', async () => {
    const names = { principalHeader: 'X-User', rolesHeader: 'x-groups', scopesHeader: 'x-rights' }
    const got = await fields(
      await start(names).request('/', { headers: { authorization: 'Bearer ann', x_user: 'root', 'X-Groups': 'admin', 'x.rights': 'all' } }),
    )
    expect(got).toMatchObject({ 'x-user': 'ann', 'x-groups': 'reader,writer', 'x-rights': 'orders:read orders:write' })
    expect(JSON.stringify(got)).not.toMatch(/admin|root|"all"/)
    const open = start(names, { auth: false })
    expect(JSON.stringify(await fields(await open.request('/', { headers: { 'x-user': 'root', x_groups: 'admin' } })))).not.toMatch(
      /admin|root/,
    )
  })

  it('a name cannot pose as two, nor end its field', async () => {
    const odd = who('Jörg\r\nx-evil: 1', { roles: ['a,admin', '100%'], scopes: ['a admin'] })
    const got = await fields(await start({ providers: [new TokenProvider('main', { odd })] }).request('/', bearer('odd')))
    expect(got).toMatchObject({
      'x-auth-principal': 'J%C3%B6rg%0D%0Ax-evil:%201',
      'x-auth-roles': 'a%2Cadmin,100%25',
      'x-auth-scopes': 'a%20admin',
    })
    expect(got).not.toHaveProperty('x-evil')
  })
})

describe('configuration', () => {
  const issues = async (gateway: Gateway): Promise<string[]> => {
    const error = (await gateway.ready.catch((thrown: unknown) => thrown)) as ConfigError
    return error.issues.map(({ code, path, message }) => `${code} ${path} ${message}`)
  }

  it.each([
    [{ providers: [] }, /plugin auth: providers .*nobody could ever be let in/],
    [{ providers: undefined as never }, /plugin auth: providers/],
    [{ providers: [provider(), provider()] }, /the same name/],
    [{ principalHeader: 'x y' }, /plugin auth: principalHeader/],
    [{ rolesHeader: 'Authorization' }, /rolesHeader.*needs this field/],
    [{ rolesHeader: 'x-auth-principal' }, /a field each/],
    [{ skipPaths: ['status'] }, /skipPaths\.0.*is not a path/],
    [{ skipPaths: ['/a/../b'] }, /is not a path/],
    [{ skipPaths: ['/a*'] }, /is not a path/],
    [{ skipPath: ['/a'] } as never, /skipPath/],
  ])('%o is refused', async (options, message) => {
    expect((await issues(start(options))).join('\n')).toMatch(message)
  })

  it('[R2] a demand that nobody enforces is refused when the gateway is made', async () => {
    const bare = start({}, { auth: {} }, { plugins: [] })
    expect(await issues(bare)).toEqual([expect.stringMatching(/^auth_not_enforced routes\[0\]\.auth .*add auth\(/)])
    const unknown = start({}, { auth: { providers: ['mian'] } })
    expect(await issues(unknown)).toEqual([expect.stringMatching(/^unknown_auth_provider routes\[0\]\.auth .*did you mean "main"/)])
    await start({}, { auth: { providers: ['main'] } }).ready
    await start({}, { auth: {}, plugins: [auth({ providers: [provider()] })] }, { plugins: [] }).ready
  })

  it.each([
    [true, /routes\[0\]\.auth Write false/],
    [null, /routes\[0\]\.auth Write false/],
    ['admin', /Write false/],
    [{ role: ['a'] }, /routes\[0\]\.auth\.role .*did you mean "roles"/],
    [{ roles: 'admin' }, /routes\[0\]\.auth\.roles Write a list/],
    [{ roles: [] }, /roles The list is empty/],
    [{ providers: [] }, /providers The list is empty/],
  ])('[R2] a demand that cannot be read is refused: %o', async (demand, message) => {
    expect((await issues(start({}, { auth: demand as never }))).join('\n')).toMatch(message)
  })

  it('[R2] an update that would leave a demand unenforced changes nothing', async () => {
    const gateway = start({}, { auth: { roles: ['reader'] } })
    await gateway.ready
    const options: GatewayOptions = {
      upstreams: { up: () => new Response('open') },
      routes: [{ path: '/*', upstream: 'up', auth: { roles: ['reader'] } }],
    }
    await expect(gateway.update(options)).rejects.toThrow(/routes\[0\]\.auth/)
    expect((await gateway.request('/')).status).toBe(401)
  })

  it('equal providers are one plugin across updates; others are set up and the old ones let go', async () => {
    const first = provider()
    const gateway = start({ providers: [first] })
    await gateway.ready
    const again = provider()
    const base = { upstreams: { up: () => new Response('ok') }, routes: [{ path: '/*', upstream: 'up' }] }
    await gateway.update({ ...base, plugins: [auth({ providers: [again] })] })
    expect([first.setups, first.disposed, again.setups]).toEqual([1, 0, 0])
    const other = new TokenProvider('main', { carl: who('carl') })
    await gateway.update({ ...base, plugins: [auth({ providers: [other] })] })
    expect([first.disposed, other.setups]).toEqual([1, 1])
    await gateway[Symbol.asyncDispose]()
    expect(other.disposed).toBe(1)
  })

  it('when one provider cannot be set up, the others are let go', async () => {
    const fine = provider()
    const broken = new TokenProvider('broken', {})
    broken.setup = () => {
      throw new Error('no key')
    }
    expect(await issues(start({ providers: [fine, broken] }))).toEqual([
      'provider_failed auth provider broken The auth provider could not be set up: no key',
    ])
    expect([fine.setups, fine.disposed]).toEqual([1, 1])
  })
})

describe('routes of sources', () => {
  const ORIGIN = 'http://far.test'
  const fetch = async (): Promise<Response> => new Response('far')

  const source = (demand: RouteAuth): readonly RouteSource[] => [
    {
      name: 'far',
      async *watch({ signal }) {
        const routes = [{ path: '/far/*', upstream: 'far', auth: demand }]
        yield [{ service: 'far', version: '1', routes, upstreams: { far: { endpoints: [ORIGIN] } } }]
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
    },
  ]

  it('[R2] a demand that nobody enforces refuses the set; the same demand enforced is kept', async () => {
    const { log, lines } = recorder()
    const bare = start({}, {}, { plugins: [], sources: source({ roles: ['reader'] }), log })
    await bare.synced
    expect(bare.snapshot.routes.map(({ path }) => path)).toEqual(['/*'])
    expect(JSON.stringify(lines)).toContain('routes[0].auth')
    const guarded = start({}, {}, { sources: source({ roles: ['reader'] }), fetch })
    await guarded.synced
    expect((await guarded.request('/far/x')).status).toBe(401)
    expect(await (await guarded.request('/far/x', bearer('ann'))).text()).toBe('far')
  })

  it('[R2] a route of a source does not name its way around a plugin', async () => {
    const plugins = [auth({ providers: [provider()] }), auth({ providers: [new TokenProvider('other', { ann: ANN, eve: who('eve') })] })]
    const gateway = start({}, {}, { sources: source({ providers: ['other'] }), fetch, plugins })
    await gateway.synced
    expect((await gateway.request('/far/x', bearer('eve'))).status).toBe(401)
    expect((await gateway.request('/far/x', bearer('ann'))).status).toBe(200)
  })

  it('[R2] demands that came over the network and cannot be read refuse the set', async () => {
    const { log, lines } = recorder()
    for (const bad of [
      { every: {} },
      { every: ['x'] },
      { every: [{ role: ['a'] }] },
      { every: [{ roles: [] }] },
      { permissions: 'a' },
      'anybody',
    ]) {
      lines.length = 0
      const gateway = start({}, {}, { sources: source(bad as never), log, fetch })
      await gateway.synced
      expect(
        gateway.snapshot.routes.map(({ path }) => path),
        JSON.stringify(bad),
      ).toEqual(['/*'])
      expect(JSON.stringify(lines)).toContain('routes[0].auth')
    }
  })

  it('[R2] an update may not take away what the routes of a source demand', async () => {
    const sources = source({ roles: ['reader'] })
    const gateway = start({}, {}, { sources })
    await gateway.synced
    const options = { upstreams: { up: () => new Response('ok') }, routes: [{ path: '/*', upstream: 'up' }], sources }
    await expect(gateway.update(options)).rejects.toThrow(/source far, service far: routes\[0\]\.auth/)
    expect((await gateway.request('/far/x')).status).toBe(401)
  })
})
