import { AuthBook } from './book.ts'
import { coverageOf, globParts, pathParts } from './coverage.ts'
import { describe, expect, test } from 'vitest'
import { isDemanding, readAuth } from '../manifest/auth.ts'
import type { AuthSettings } from './settings.ts'
import type { Guarded } from './declared.ts'
import type { RouteDefinition } from '@octopus-gateway/core'

const SETTINGS: AuthSettings = { enforce: 'auto', providers: new Map(), allowRelaxation: false, otherwise: 'inherit' }
const JWT = new Set(['jwt'])
const BEARER = [{ type: 'bearer' }]

/** `GET /users/{id}` of a service that is mounted at `/svc`. */
function operation(text: string, more: Partial<Guarded> = {}): Guarded {
  const [method = '', path = ''] = text.split(' ')
  return {
    method,
    ownPath: path,
    schemaPath: path,
    gatewayPath: `/svc${path}`,
    mount: '/svc',
    security: undefined,
    isPublic: false,
    ...more,
  }
}

interface Asked {
  readonly settings?: Partial<AuthSettings>
  readonly providers?: ReadonlySet<string>
  readonly operations?: readonly (string | Guarded)[]
  readonly book?: AuthBook
  readonly also?: readonly object[]
}

/** What the routes of a service with this manifest demand, and what is found. */
function demands(manifest: object, asked: Asked = {}): { auths: Record<string, RouteDefinition['auth']>; codes: string[] } {
  const { settings = {}, providers = JWT, operations = ['GET /a'], book = new AuthBook(), also = [] } = asked
  const guarded = operations.map((item) => (typeof item === 'string' ? operation(item) : item))
  const result = book.demands({
    settings: { ...SETTINGS, ...settings },
    declarations: [manifest, ...also].map((raw) => readAuth(JSON.parse(JSON.stringify(raw)))),
    operations: guarded,
    providers,
  })
  return {
    auths: Object.fromEntries(guarded.map((item) => [`${item.method} ${item.schemaPath}`, result.of(item)])),
    codes: result.findings.map(({ code }) => code),
  }
}

const one = (manifest: object, text = 'GET /a', asked: Asked = {}): RouteDefinition['auth'] =>
  Object.values(demands(manifest, { ...asked, operations: [text] }).auths)[0]

const rules = (...list: object[]): object => ({ auth: { schemes: BEARER, access_control: list } })

describe('how much of an operation a glob covers', () => {
  test.each([
    ['/users', '/users', 'all'],
    ['/users/*', '/users/{id}', 'all'],
    ['/users/*', '/users/{id}/orders', 'none'],
    ['/users/**', '/users/{id}/orders', 'all'],
    ['/users/**', '/users', 'all'],
    ['/users/me', '/users/{id}', 'some'],
    ['/users/me', '/users/{id}/x', 'none'],
    ['/users/m*', '/users/{id}', 'some'],
    ['/**', '/{a}/{b}', 'all'],
    ['/a/**/z', '/a/{x}', 'some'],
    ['/a/**/z', '/a/{x}/y', 'none'],
    ['/*/b', '/a/{x}', 'some'],
    ['/files/*.json', '/files/{name}.json', 'all'],
    ['/files/x.json', '/files/{name}.json', 'some'],
    ['/\uffff', '/{id}', 'some'],
    ['/users', '/orders', 'none'],
    ['/a'.repeat(17), '/a'.repeat(17), 'some'],
    ['/a/**', '/a'.repeat(49), 'some'],
    ['/**/a/**/b/**', '/{x}', 'some'],
    ['/**/b/c', '/a/{x}/c', 'some'],
    ['/**/b/c', '/a/{x}/d', 'none'],
    ['/b/**', '/a'.repeat(49), 'none'],
  ])('%s and %s: %s', (glob, path, coverage) => {
    expect(coverageOf(globParts(glob), pathParts(path))).toBe(coverage)
  })
})

describe('what a service demands', () => {
  test('[F12.16.absent] nothing declared is nothing demanded, and nothing granted', () => {
    for (const manifest of [{}, { auth: null }, { auth: {} }, { auth: { schemes: null } }, { auth: { public_routes: ['/**'] } }]) {
      expect(isDemanding(readAuth(manifest))).toBe(false)
      expect(one(manifest)).toBeUndefined()
    }
    expect(one({}, 'GET /a', { settings: { otherwise: 'required' } })).toEqual({})
    expect(one({ auth: { schemes: BEARER, public_routes: ['/a'] } }, 'GET /a', { settings: { otherwise: 'required' } })).toEqual({})
  })

  test('schemes, scopes and public routes', () => {
    const manifest = { auth: { schemes: BEARER, required_scopes: ['read'], public_routes: ['/health', '/docs/*', '/open/**'] } }
    expect(
      demands(manifest, { operations: ['GET /a', 'GET /health', 'GET /docs/x', 'GET /docs/x/y', 'GET /open/x/y', 'GET /{page}'] }).auths,
    ).toEqual({
      'GET /a': { scopes: ['read'] },
      'GET /health': undefined,
      'GET /docs/x': undefined,
      // One segment, not many: less is open.
      'GET /docs/x/y': { scopes: ['read'] },
      'GET /open/x/y': undefined,
      // Only some of its paths are public.
      'GET /{page}': { scopes: ['read'] },
    })
  })

  test('the most specific rules count, a trailing * covers all that is deeper', () => {
    const manifest = rules(
      { path: '/**', methods: [], roles: ['user'] },
      { path: '/admin/*', methods: [], roles: ['admin', 'root'], permissions: ['admin:use'] },
      { path: '/admin/*', methods: ['get'], roles: ['auditor'] },
      { path: '/admin/status', allow_anonymous: true },
    )
    const operations = ['GET /a', 'POST /admin/x/y', 'GET /admin/x', 'GET /admin/status']
    expect(demands(manifest, { operations }).auths).toEqual({
      'GET /a': { roles: ['user'] },
      'POST /admin/x/y': { roles: ['admin', 'root'], permissions: ['admin:use'] },
      'GET /admin/x': { roles: ['admin', 'root'], permissions: ['admin:use'], every: [{ roles: ['auditor'] }] },
      // Another rule that matches demands roles: the caller must be known, and the most specific rule has no more to say.
      'GET /admin/status': {},
    })
    expect(one(rules({ path: '/a', allow_anonymous: true }))).toBeUndefined()
    expect(one(rules({ path: '/b', allow_anonymous: true }))).toEqual({})
  })

  test('rules without schemes concern their own paths only', () => {
    const manifest = { auth: { schemes: null, access_control: [{ path: '/admin/*', roles: ['admin'] }] } }
    expect(demands(manifest, { operations: ['GET /a', 'GET /admin/x'] }).auths).toEqual({
      'GET /a': undefined,
      'GET /admin/x': { roles: ['admin'] },
    })
  })

  test('HEAD is answered by a route for GET', () => {
    expect(one(rules({ path: '/a', methods: ['HEAD'], roles: ['x'] }))).toEqual({ roles: ['x'] })
    expect(one(rules({ path: '/a', methods: ['POST'], roles: ['x'] }))).toEqual({})
  })

  test('a rule for part of an operation holds for all of it, unless the part is an operation itself', () => {
    const manifest = rules({ path: '/users/admin', roles: ['admin'] }, { path: '/users/*', roles: ['user'] })
    const alone = demands(manifest, { operations: ['GET /users/{id}'] })
    expect(alone).toEqual({ auths: { 'GET /users/{id}': { roles: ['admin'], every: [{ roles: ['user'] }] } }, codes: ['AUTH_WIDENED'] })
    expect(demands(manifest, { operations: ['GET /users/{id}', 'GET /users/admin'] })).toEqual({
      auths: { 'GET /users/{id}': { roles: ['user'] }, 'GET /users/admin': { roles: ['admin'] } },
      codes: [],
    })
  })

  test('rules are compared with the path as the service, its document and clients have it; grants with the first alone', () => {
    const at = operation('GET /x', { ownPath: '/api/x' })
    const auth = (manifest: object): RouteDefinition['auth'] => demands(manifest, { operations: [at] }).auths['GET /x']
    for (const path of ['/api/x', '/x', '/svc/x']) expect(auth(rules({ path, roles: ['r'] })), path).toEqual({ roles: ['r'] })
    expect(auth({ auth: { schemes: BEARER, public_routes: ['/api/x'] } })).toBeUndefined()
    for (const path of ['/x', '/svc/x']) expect(auth({ auth: { schemes: BEARER, public_routes: [path] } }), path).toEqual({})
  })

  test('route_table and security may only take back what the service demands everywhere', () => {
    const table = { route_table: [{ path: '/a', methods: ['GET'], public: true }, { path: '/b' }] }
    const manifest = { auth: { schemes: BEARER, access_control: [{ path: '/admin', roles: ['x'] }] }, ...table }
    const operations = [
      'GET /a',
      'POST /a',
      operation('GET /open', { security: [] }),
      operation('GET /maybe', { security: [{}, { bearer: [] }] }),
      operation('GET /admin', { security: [] }),
      operation('GET /scoped', { security: [{ oauth: ['r', 'w'] }, { other: ['w'] }] }),
    ]
    expect(demands(manifest, { operations }).auths).toEqual({
      'GET /a': undefined,
      'POST /a': {},
      'GET /open': undefined,
      'GET /maybe': undefined,
      'GET /admin': { roles: ['x'] },
      'GET /scoped': { scopes: ['w'] },
    })
    const described = { operations: [operation('GET /a', { security: [{ bearer: ['r'] }] })] }
    expect(demands({}, described).auths['GET /a']).toBeUndefined()
    expect(demands({}, { ...described, settings: { enforce: 'always' } }).auths['GET /a']).toEqual({ scopes: ['r'] })
  })

  test("Octopus' auth_config: its provider, any role, all scopes", () => {
    const config = { auth_config: { auth_provider: 'jwt', require_roles: ['a', 'b'], require_scopes: ['s', 't'] } }
    expect(one(config)).toEqual({ providers: ['jwt'], roles: ['a', 'b'], scopes: ['s', 't'] })
    expect(one({ auth_config: { auth_provider: 'unknown' } })).toBe('nobody')
    expect(one(config, 'GET /a', { settings: { providers: new Map([['jwt', ['main']]]) }, providers: new Set(['main']) })).toMatchObject({
      providers: ['main'],
    })
  })

  test('what cannot be read demands more, never less', () => {
    const nobody = [
      { auth: 'bearer' },
      { auth_config: [] },
      { auth: { required_scopes: 'read' } },
      { auth: { required_scopes: ['read', 7] } },
      { auth: { access_control: {} } },
      rules({ path: '/a', roles: 'admin' }),
      rules({ path: '/a', permissions: [''] }),
      rules({ path: '/a', roles: {}, allow_anonymous: true }),
      rules(...Array.from({ length: 201 }, () => ({ path: '/b' }))),
    ]
    for (const manifest of nobody)
      expect(demands(manifest), JSON.stringify(manifest).slice(0, 80)).toMatchObject({ auths: { 'GET /a': 'nobody' } })
    expect(demands(rules({ path: 'regex:^/b', roles: ['x'] }))).toEqual({ auths: { 'GET /a': { roles: ['x'] } }, codes: ['AUTH_UNCLEAR'] })
    expect(one(rules('junk' as never))).toEqual({})
    expect(one({ auth: { schemes: 'bearer' } })).toEqual({})
    expect(one({ auth: { schemes: ['bearer'], public_routes: ['regex:.*'] } })).toEqual({})
    expect(one({ auth: { schemes: BEARER, public_routes: '/a' } })).toEqual({})
    expect(one(JSON.parse('{"__proto__":{"auth":{"public_routes":["/a"]}},"auth":{"schemes":[{"type":"bearer"}]}}') as object)).toEqual({})
  })
})

test('[F12.11.globs] a hostile declaration costs little', () => {
  const globs = Array.from({ length: 200 }, (_, n) => `/**/a${n}/*/b/*c*/**`)
  const hostile = readAuth({ auth: { access_control: globs.map((path) => ({ path, roles: ['x'] })), public_routes: globs } })
  const time = (count: number): AuthBook => {
    const operations = Array.from({ length: count }, (_, n) => operation(`GET /x/{a}/${n}/b/{c}/d/{e}${'/f'.repeat(30)}`))
    const before = process.cpuUsage()
    const book = new AuthBook()
    const result = book.demands({ settings: SETTINGS, declarations: [hostile], operations, providers: JWT })
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(4_000)
    expect(result.of(operations[0]!)).not.toBeUndefined()
    expect(result.findings.some(({ code }) => code === 'AUTH_UNCLEAR')).toBe(count > 500)
    if (count > 500) expect(result.of(operations[0]!)).toBe('nobody')
    return book
  }
  time(500)
  time(10_000)
})

describe('what the gateway makes of it', () => {
  const manifest = { auth: { schemes: [{ type: 'Bearer' }, { type: 'apikey' }] } }

  test('auto enforces where somebody is asked, and says so where nobody is', () => {
    expect(demands(manifest)).toEqual({ auths: { 'GET /a': {} }, codes: [] })
    expect(demands(manifest, { providers: new Set() })).toEqual({ auths: { 'GET /a': undefined }, codes: ['AUTH_NOT_ENFORCED'] })
    expect(demands({}, { providers: new Set() }).codes).toEqual([])
  })

  test('always closes what cannot be checked; never leaves it to the service', () => {
    const always = demands(manifest, { providers: new Set(), settings: { enforce: 'always' } })
    expect(always).toEqual({ auths: { 'GET /a': 'nobody' }, codes: ['AUTH_NOBODY'] })
    expect(demands(manifest, { settings: { enforce: 'never' } })).toEqual({ auths: { 'GET /a': undefined }, codes: ['AUTH_NOT_ENFORCED'] })
  })

  test('schemes mean the providers that the operator has mapped', () => {
    const mapped = (entries: Record<string, string[]>, providers = new Set(['jwt', 'keys'])): RouteDefinition['auth'] =>
      one(manifest, 'GET /a', { settings: { providers: new Map(Object.entries(entries)) }, providers })
    expect(mapped({ bearer: ['jwt'] })).toEqual({ providers: ['jwt'] })
    expect(mapped({ bearer: ['jwt'], apikey: ['keys'] })).toEqual({ providers: ['jwt', 'keys'] })
    expect(mapped({ bearer: ['gone'], apikey: ['keys'] })).toEqual({ providers: ['keys'] })
    expect(mapped({ bearer: ['gone'] })).toBe('nobody')
    expect(mapped({ basic: ['jwt'] })).toBe('nobody')
  })

  test('an operation that nobody foresaw is not open', () => {
    const result = new AuthBook().demands({ settings: SETTINGS, declarations: [readAuth(manifest)], operations: [], providers: JWT })
    expect(result.of(operation('GET /a'))).toBe('nobody')
  })
})

describe('an update that takes demands back', () => {
  const strict = { auth: { schemes: BEARER, access_control: [{ path: '/admin', roles: ['admin'] }] } }
  const operations = ['GET /a', 'GET /admin', 'GET /new']

  test.each([
    ['without auth', {}],
    ['with schemes: null', { auth: { schemes: null } }],
    ['with more public routes', { auth: { ...strict.auth, public_routes: ['/**'] } }],
    ['with other roles', { auth: { schemes: BEARER, access_control: [{ path: '/admin', roles: ['admin', 'user'] }] } }],
  ])('%s: the earlier demands hold on', (_what, loose) => {
    const book = new AuthBook()
    const before = demands(strict, { operations: ['GET /a', 'GET /admin'], book })
    expect(before.codes).toEqual([])
    for (let look = 0; look < 3; look++) {
      const after = demands(loose, { operations, book })
      expect(after.codes).toEqual(['AUTH_RELAXATION'])
      expect(after.auths).toMatchObject({ ...before.auths, 'GET /admin': { roles: ['admin'] } })
      // What is new is under what the service demanded everywhere.
      expect(after.auths['GET /new']).toEqual({})
    }
    expect(demands(loose, { operations, book, settings: { allowRelaxation: true } }).codes).toEqual([])
    // What was allowed once is the new measure.
    expect(demands(loose, { operations, book }).codes).toEqual([])
  })

  test('a document that opens an operation is one, too', () => {
    const book = new AuthBook()
    demands(strict, { operations: ['GET /a'], book })
    const after = demands(strict, { operations: [operation('GET /a', { security: [] })], book })
    expect(after).toEqual({ auths: { 'GET /a': {} }, codes: ['AUTH_RELAXATION'] })
  })

  test('more demands are taken over at once, and the way back to them', () => {
    const book = new AuthBook()
    demands({}, { operations, book })
    expect(demands(strict, { operations, book }).codes).toEqual([])
    demands({}, { operations, book })
    expect(demands(strict, { operations, book })).toMatchObject({ auths: { 'GET /admin': { roles: ['admin'] } }, codes: [] })
  })

  test('while a deployment rolls, what any generation demands holds for all', () => {
    const { auths } = demands({}, { operations, also: [strict] })
    expect(auths).toEqual({ 'GET /a': {}, 'GET /admin': { roles: ['admin'] }, 'GET /new': {} })
  })
})

describe('[R38] demands cost no more than they are long, and too many of them are never less', () => {
  const names = (count: number, start: string): string[] => Array.from({ length: count }, (_, i) => `${start}${i}`)

  test('rules of many names that cover the same operations', () => {
    const list = names(200, 'r').map((name) => ({ path: '/**', roles: [...names(90, 'x'), name], permissions: names(90, name) }))
    const operations = names(1_000, 'GET /p')
    const { auths } = demands(rules(...list), { operations })
    expect(new Set(Object.values(auths))).toEqual(new Set(['nobody']))
    expect(one(rules(...list.slice(0, 2)))).toMatchObject({ roles: [...names(90, 'x'), 'r0'].sort(), permissions: expect.any(Array) })
  })

  test('requirements of many scopes that stand for the whole document', () => {
    const scopes = names(100_000, 's')
    const security = [{ a: scopes }, { b: scopes.toReversed() }]
    const operations = names(1_000, 'GET /p').map((text) => operation(text, { security }))
    const { auths } = demands({ auth: { schemes: BEARER } }, { operations })
    expect(new Set(Object.values(auths))).toEqual(new Set(['nobody']))
  })

  test('a rule of many methods covers all of them, and grants nothing', () => {
    const methods = names(200, 'M')
    expect(one(rules({ path: '/a', methods, roles: ['admin'] }))).toEqual({ roles: ['admin'] })
    expect(one(rules({ path: '/a', methods, allow_anonymous: true }))).toEqual({})
  })
})
