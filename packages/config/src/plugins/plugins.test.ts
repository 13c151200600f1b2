import { describe, expect, test } from 'vitest'
import { codes, load, valid } from '../testing/files.ts'
import { pickyPlugin, plainPlugin, providerPlugin } from '../testing/modules.ts'
import type { Files } from '../testing/files.ts'
import type { LoadedConfig } from '../options.ts'

const UP = 'upstreams: [{ name: up, instances: [{ address: a, port: 1 }] }]\n'

/** A configuration beside some modules. */
const beside = (yaml: string, modules: Readonly<Record<string, string>> = {}): Files => ({ 'octopus.yaml': yaml, ...modules })
const only = { paths: ['octopus.yaml'] }

const names = (config: LoadedConfig): string[] => (config.gateway.plugins ?? []).map((plugin) => plugin.name)
const configOf = (config: LoadedConfig, index = 0): unknown => config.gateway.plugins![index]!.identity.config

async function said(files: Files, how: Parameters<typeof load>[1] = only): Promise<string[]> {
  return (await load(files, how)).issues.map(({ source, path, message }) => `${source}: ${path}: ${message}`)
}

describe('middleware', () => {
  test('the list is the order of the phases, before plugins', async () => {
    const yaml = 'middleware: [cors, request_id, { name: rate-limit, rate: 5 }, compression]\nplugins: [{ name: stamp, path: ./stamp.mjs }]'
    expect(names(await valid(beside(yaml, { 'stamp.mjs': plainPlugin('stamp') }), only))).toEqual([
      'cors',
      'request-id',
      'rate-limit',
      'compression',
      'stamp',
    ])
  })

  test('options arrive as code calls them, with the defaults of the documentation', async () => {
    const yaml =
      'middleware:\n  - { name: rate_limit, per: 1m, key: [ip, "header:X-Api-Key"], burst: 7, legacy_headers: false }\n' +
      '  - { name: cors, allowed_origins: ["https://*.example.com"], max_age: 1h, allow_credentials: true, allowed_methods: [get] }\n' +
      '  - { name: compression, min_size: 2KiB, algorithms: [gzip, br] }\n  - { name: request_id, header: X-Trace, trust_inbound: false }\n'
    const config = await valid(yaml)
    expect(configOf(config, 0)).toEqual({
      rate: 100,
      per: 60_000,
      burst: 7,
      key: ['ip', 'header:X-Api-Key'],
      cost: 1,
      legacyHeaders: false,
    })
    expect(configOf(config, 1)).toEqual({
      allowedOrigins: ['https://*.example.com'],
      allowedMethods: ['GET'],
      exposedHeaders: [],
      maxAge: 3_600_000,
      allowCredentials: true,
    })
    expect(configOf(config, 2)).toEqual({ minSize: 2048, algorithms: ['gzip', 'br'], level: 4 })
    expect(configOf(config, 3)).toEqual({ header: 'x-trace', trustInbound: false })
  })

  test.each([
    ['middleware: [rate_limits]', 'middleware[0]: must be a middleware, not "rate_limits"; did you mean rate_limit?'],
    ['middleware: [rateLimit]', 'did you mean rate_limit?'],
    ['middleware: [{ name: corse, x: 1 }]', 'middleware[0].name: must be a middleware, not "corse"; did you mean cors?'],
    ['middleware: [zzz]', 'there are request_id, auth, rate_limit, cors, compression'],
    ['middleware: [scripting]', 'middleware[0]: "scripting" is not available yet'],
    ['middleware: [{ name: secure-headers }]', 'middleware[0].name: "secure-headers" is not available yet'],
    ['middleware: [5]', 'middleware[0]: must be a middleware: one of request_id'],
    ['middleware: [{ rate: 5 }]', 'middleware[0].name: is missing'],
    ['middleware: cors', 'middleware: must be a list, not "cors"'],
    ['middleware: [{ name: rate_limit, rat: 5 }]', 'middleware[0].rat: there is no such key; did you mean rate?'],
    ['middleware: [{ name: rate_limit, rate: 0 }]', 'middleware[0].rate: must be a whole number from 1'],
    ['middleware: [{ name: rate_limit, per: 5 }]', 'middleware[0].per: must be a duration with a unit, not 5; write 5s or 5ms'],
    ['middleware: [{ name: rate_limit, key: [user] }]', 'middleware[0].key: must be ip, identity, route, header:<name>'],
    ['middleware: [{ name: request_id, header: "a b" }]', 'middleware[0].header: must be the name of a header field'],
    ['middleware: [{ name: compression, algorithms: [deflate] }]', 'middleware[0].algorithms[0]: must be one of br, zstd, gzip'],
    [
      'middleware: [{ name: rate_limit, key: [ip, identity] }]',
      'middleware[0].key: counts by who a caller is, and nobody has asked by then; put auth before rate_limit',
    ],
    ['middleware: [cors, { name: cors }]', 'middleware[1]: the same is already in this list'],
  ])('%s', async (yaml, message) => {
    const lines = await said(yaml, {})
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message)
  })

  test('what a policy itself refuses has the place of the key as it is written', async () => {
    const yaml = 'middleware:\n  - name: cors\n    allowed_origins: ["*"]\n    allow_credentials: true\n'
    expect(await said(yaml, {})).toEqual([expect.stringMatching(/^octopus\.yaml:3:5: middleware\[0\]\.allowed_origins: With credentials/)])
  })

  test('a route has its own, after those of every route', async () => {
    const config = await valid(
      `${UP}middleware: [cors]\nroutes: [{ path: /a, upstream: up, middleware: [{ name: rate_limit, rate: 3 }] }, { path: /b, upstream: up }]`,
    )
    expect(names(config)).toEqual(['cors'])
    expect(config.gateway.routes!.map((route) => route.plugins?.map((plugin) => plugin.name))).toEqual([['rate-limit'], undefined])
    expect(await codes(`${UP}middleware: [cors]\nroutes: [{ path: /a, upstream: up, middleware: [cors] }]`)).toEqual([
      'duplicate_name routes[0].middleware[0]',
    ])
  })
})

describe('plugins', () => {
  test('a path starts at the file it is written in', async () => {
    const files = {
      'octopus.yaml': 'plugins: [{ name: one, path: plugins/one.mjs }]',
      'layers/more.yaml': 'plugins: [{ name: two, path: ./two.mjs }]',
      'plugins/one.mjs': plainPlugin('one'),
      'layers/two.mjs': plainPlugin('two'),
    }
    expect(names(await valid(files, { paths: ['octopus.yaml', 'layers/more.yaml'] }))).toEqual(['one', 'two'])
  })

  test('the default export or the one named plugin, a factory or a plugin', async () => {
    const named = plainPlugin('named').replace('export default', 'export const plugin =')
    const value =
      'export default { name: "value", version: "1.0.0", identity: { name: "value", version: "1.0.0", config: null }, setup: () => ({}) }'
    const yaml = 'plugins: [{ name: a, path: a.mjs }, { name: b, path: b.mjs }]'
    expect(names(await valid(beside(yaml, { 'a.mjs': named, 'b.mjs': value }), only))).toEqual(['named', 'value'])
    expect(await said(beside('plugins: [{ name: b, path: b.mjs, config: { x: 1 } }]', { 'b.mjs': value }))).toEqual([
      expect.stringContaining('plugins[0].config: the module exports a plugin that is made already and takes no config'),
    ])
  })

  test('enabled: false leaves it out and loads nothing', async () => {
    const yaml = 'plugins: [{ name: a, path: gone.mjs, enabled: false }]'
    expect(names(await valid(beside(yaml), only))).toEqual([])
  })

  test('files are merged by name', async () => {
    const files = {
      'one.yaml': 'plugins: [{ name: a, path: a.mjs, config: { word: x, how_many: 1 } }]',
      'two.yaml': 'plugins: [{ name: a, config: { how_many: 2 } }]',
      'a.mjs': pickyPlugin('a'),
    }
    expect(configOf(await valid(files, { paths: ['one.yaml', 'two.yaml'] }))).toEqual({ word: 'x', howMany: 2 })
  })

  test('keys of config become camelCase, those of maps inside do not', async () => {
    const yaml = 'plugins: [{ name: a, path: a.mjs, config: { jwks_url: u, required_claims: { tenant_id: 7 }, a_1: 2, _x: 3, plain: 4 } }]'
    const config = await valid(beside(yaml, { 'a.mjs': plainPlugin('a') }), only)
    expect(configOf(config)).toEqual({ jwksUrl: 'u', requiredClaims: { tenant_id: 7 }, a1: 2, _x: 3, plain: 4 })
    const twice = 'plugins: [{ name: a, path: a.mjs, config: { how_many: 1, howMany: 2 } }]'
    expect(await codes(beside(twice, { 'a.mjs': plainPlugin('a') }), only)).toEqual(['conflicting_keys plugins[0].config.howMany'])
  })

  test('config is judged while loading, with everything else, each at its place', async () => {
    const yaml = 'servr: 1\nplugins:\n  - name: a\n    path: a.mjs\n    config:\n      word: bad\n      how_many: x\n      hou_many: 1\n'
    expect(await said(beside(yaml, { 'a.mjs': pickyPlugin('a') }))).toEqual([
      expect.stringMatching(/^octopus\.yaml:1:1: servr: /),
      'octopus.yaml:6:7: plugins[0].config.word: Received "bad"',
      'octopus.yaml:7:7: plugins[0].config.how_many: Expected number but received "x"',
      'octopus.yaml:8:7: plugins[0].config.hou_many: Unknown key',
    ])
  })

  test('a plain scalar is the text that was written where a text is wanted', async () => {
    const yaml = 'plugins: [{ name: a, path: a.mjs, config: { word: "${WORD}", how_many: 1 } }]'.replace('"${WORD}"', '1.10')
    expect(configOf(await valid(beside(yaml, { 'a.mjs': pickyPlugin('a') }), only))).toEqual({ word: '1.10', howMany: 1 })
    const files = beside('plugins:\n  - name: a\n    path: a.mjs\n    config:\n      word: ${WORD}\n', { 'a.mjs': pickyPlugin('a') })
    for (const WORD of ['0123', 'true', 'null', '1e3'])
      expect(configOf(await valid(files, { ...only, host: { env: { WORD } } }))).toEqual({ word: WORD })
  })

  test('what is wrong with a text from the environment is not that it looks like a number', async () => {
    const files = beside('plugins:\n  - name: a\n    path: a.mjs\n    config:\n      api_token: ${TOKEN}\n      word: w\n', {
      'a.mjs': pickyPlugin('a').replace(
        'config.apiToken !== undefined',
        "typeof config.apiToken === 'number' || config.apiToken?.length < 32",
      ),
    })
    const lines = await said(files, { ...only, host: { env: { TOKEN: '123456' } } })
    expect(lines).toEqual([expect.stringContaining('api_token: Not long enough: the value of ${TOKEN}')])
    expect(await said(files, { ...only, host: { env: { TOKEN: '1'.repeat(32) } } })).toEqual([])
  })

  test('secrets are never shown', async () => {
    const files = beside('plugins: [{ name: a, path: a.mjs, config: { word: w, how_many: "${COUNT}", api_token: hunter2hunter2 } }]', {
      'a.mjs': pickyPlugin('a'),
    })
    const lines = await said(files, { ...only, host: { env: { COUNT: 'very-hidden' } } })
    expect(lines).toEqual([
      expect.stringContaining('plugins[0].config.how_many: Expected number but received the value of ${COUNT}'),
      expect.stringContaining('plugins[0].config.api_token: Not long enough: the given value'),
    ])
    expect(lines.join()).not.toMatch(/hunter2|very-hidden/)
  })

  test('a variable that is not set is told once', async () => {
    const files = beside('plugins:\n  - name: a\n    path: a.mjs\n    config:\n      word: ${GONE}\n', { 'a.mjs': pickyPlugin('a') })
    expect(await codes(files, only)).toEqual(['missing_variable plugins[0].config.word'])
  })

  test.each([
    [
      '{ name: jwt-auth, path: /plugins/jwt-auth.so }',
      'plugins[0].path: is a native library (.so), and native plugins are not supported; remove path: jwt-auth comes with the gateway; or write a JavaScript module',
    ],
    [
      '{ name: mine, path: mine.dylib }',
      'native plugins are not supported; write a JavaScript module whose default export is made with definePlugin, and name it here: path: ./mine.js',
    ],
    ['{ name: mine, path: mine.DLL }', 'is a native library (.dll)'],
    ['{ name: mine, path: mine.ts }', 'plugins[0].path: is TypeScript; compile it'],
    ['{ name: mine, path: gone.mjs }', 'plugins[0].path: there is no file /gone.mjs; a relative path starts at'],
    ['{ name: mine, path: . }', 'plugins[0].path: is not a file'],
    ['{ name: mine, path: empty.mjs }', 'plugins[0].path: the module exports no plugin'],
    ['{ name: mine, path: broken.mjs }', 'plugins[0].path: the module could not be loaded (it is broken)'],
    [
      '{ name: jwt-aut }',
      "plugins[0].name: the package jwt-aut could not be loaded (Cannot find package 'jwt-aut'); did you mean jwt-auth? Otherwise install it",
    ],
    ['{ name: redis-cache }', 'plugins[0].name: "redis-cache" is not available yet'],
    ['{ name: "No Package" }', 'plugins[0].name: there is no plugin "No Package"; name the module with path'],
    ['{ path: empty.mjs }', 'plugins[0].name: is missing'],
    ['{ name: a, pat: x }', 'plugins[0].pat: there is no such key; did you mean path?'],
    ['{ name: a, config: 5 }', 'plugins[0].config: must be a map, not 5'],
  ])('%s', async (item, message) => {
    const modules = { 'empty.mjs': 'export const x = 1', 'broken.mjs': 'throw new Error("it is broken\\nand says more")' }
    const lines = await said(beside(`plugins: [${item}]`, modules))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message)
  })

  test('a package of the gateway that is not installed is told by its name', async () => {
    const host = { import: (specifier: string) => Promise.reject(new Error(`Cannot find package '${specifier}' imported from /x/y.js`)) }
    expect(await said('plugins: [{ name: jwt_auth }]', { host })).toEqual([
      "octopus.yaml:1:13: plugins[0].name: the package @octopus-gateway/plugins-jwt could not be loaded (Cannot find package '@octopus-gateway/plugins-jwt'); install it, or name a module with path",
    ])
  })

  test('jwt-auth judges its options, and a file it names starts at the configuration', async () => {
    const yaml = (config: string): string => `plugins: [{ name: jwt-auth, config: { ${config} } }]`
    const lines = await said(yaml('jwks_uri: https://a.example/'), {})
    expect(lines).toEqual(['octopus.yaml:1:39: plugins[0].config.jwks_uri: there is no such option'])
    expect(await said(yaml('jwks_url: http://a.example/'), {})).toEqual([expect.stringContaining('plugins[0].config.jwks_url: ')])
    expect(await said(yaml('issuer: us'), {})).toEqual([expect.stringContaining('plugins[0].config: there is no key')])
    const config = await valid({ 'deep/octopus.yaml': `middleware: [auth]\n${yaml('public_key: ../keys/pub.pem')}` })
    expect(JSON.stringify(config.gateway.plugins![0]!.identity)).toMatch(/"publicKey":"\/(?:(?!deep|\.\.)[^"])*\/keys\/pub\.pem"/)
  })

  test('the same name twice is an error', async () => {
    const yaml = 'plugins: [{ name: a, path: a.mjs }, { name: a, path: a.mjs }]'
    expect(await codes(beside(yaml, { 'a.mjs': plainPlugin('a') }), only)).toEqual(['duplicate_name plugins[1].name'])
  })

  test('a package is imported by its name, from where the file is', async () => {
    const asked: unknown[] = []
    const module = {
      default: Object.assign(() => ({ name: 'acme' }), {
        pluginName: 'acme',
        config: { '~standard': { version: 1, vendor: 't', validate: (value: unknown) => ({ value }) } },
      }),
    }
    const host = { import: (...args: unknown[]) => Promise.resolve((asked.push(args), module)) }
    expect(names(await valid('plugins: [{ name: "@acme/octopus-plugin" }]', { host }))).toEqual(['acme'])
    expect(asked).toEqual([['@acme/octopus-plugin', expect.stringMatching(/octopus\.yaml$/)]])
  })

  test('what fails when the gateway sets it up is told with its place', async () => {
    const config = await valid(beside('plugins:\n  - name: mine\n    path: a.mjs\n', { 'a.mjs': plainPlugin('their-name') }), only)
    const located = config.locate({ code: 'plugin_failed', path: 'plugin their-name', message: 'm' })
    expect([located.path, located.source]).toEqual(['plugins[0]', expect.stringMatching(/octopus\.yaml:2:5$/)])
  })
})

describe('auth', () => {
  const modules = { 'a.mjs': providerPlugin('a'), 'b.mjs': providerPlugin('b'), 'plain.mjs': plainPlugin('plain') }
  const A = '{ name: a, path: a.mjs }'
  const B = '{ name: second, path: b.mjs }'
  const check = (yaml: string): Promise<string[]> => said(beside(yaml, modules))
  const loaded = (yaml: string): Promise<LoadedConfig> => valid(beside(yaml, modules), only)
  const asks = (plugin: { readonly identity: { readonly config: unknown } } | undefined): string[] =>
    (plugin!.identity.config as { readonly providers: readonly { readonly name: string }[] }).providers.map(({ name }) => name)

  test('asks every plugin that can tell who a caller is, and those do not stand alone', async () => {
    const config = await loaded(`middleware: [auth, cors]\nplugins: [${A}, { name: p, path: plain.mjs }, ${B}]`)
    expect(names(config)).toEqual(['auth', 'cors', 'plain'])
    expect(asks(config.gateway.plugins![0])).toEqual(['a', 'b'])
  })

  test('without it such a plugin stands alone', async () => {
    expect(names(await loaded(`middleware: [cors]\nplugins: [${A}]`))).toEqual(['cors', 'a'])
  })

  test('providers picks by the name in the configuration, in its order', async () => {
    const config = await loaded(`middleware: [{ name: auth, providers: [second, a], required: false }]\nplugins: [${A}, ${B}]`)
    expect(asks(config.gateway.plugins![0])).toEqual(['b', 'a'])
    expect(config.gateway.plugins![0]!.identity.config).toMatchObject({ required: false, principalHeader: 'x-auth-principal' })
  })

  test('[R2] at a route it asks those of every route and its own, and does not open the other routes', async () => {
    const config = await loaded(
      `${UP}plugins: [${A}]\nroutes:\n  - { path: /a, upstream: up, middleware: [auth], plugins: [${B}] }\n  - { path: /b, upstream: up, plugins: [${B}] }\n`,
    )
    expect(names(config)).toEqual(['a'])
    const [first, second] = config.gateway.routes!
    expect(first!.plugins!.map((plugin) => plugin.name)).toEqual(['auth'])
    expect(asks(first!.plugins![0])).toEqual(['a', 'b'])
    expect(second!.plugins!.map((plugin) => plugin.name)).toEqual(['b'])
  })

  test.each([
    ['middleware: [auth]', 'octopus.yaml:1:14: middleware[0]: there is no plugin that can tell who a caller is; add one to plugins'],
    [`middleware: [auth]\nplugins: [{ name: p, path: plain.mjs }]`, 'there is no plugin that can tell who a caller is'],
    [`middleware: [auth]\nplugins: [{ name: a, path: a.mjs, enabled: false }]`, 'there is no plugin that can tell who a caller is'],
    [
      `middleware: [{ name: auth, providers: [other] }]\nplugins: [${A}]`,
      'middleware[0].providers[0]: there is no plugin "other" that can tell who a caller is; use a',
    ],
    [`middleware: [{ name: auth, providers: [secnd] }]\nplugins: [${A}, ${B}]`, 'did you mean "second"?'],
    [`middleware: [{ name: auth, providers: [a] }]\nplugins: [${A}, ${B}]`, 'plugins[1]: no auth asks it'],
    [`middleware: [auth]\nplugins: [${A}, { name: again, path: a.mjs }]`, 'plugins[1]: calls itself a, as a does'],
  ])('%s', async (yaml, message) => {
    const lines = await check(yaml)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(message)
  })

  test('a limit by identity needs an auth before it, of its list or of every route', async () => {
    const limit = '{ name: rate_limit, key: identity }'
    expect(await check(`middleware: [auth, ${limit}]\nplugins: [${A}]`)).toEqual([])
    expect(await check(`${UP}middleware: [auth]\nplugins: [${A}]\nroutes: [{ path: /a, upstream: up, middleware: [${limit}] }]`)).toEqual(
      [],
    )
    expect(await check(`middleware: [${limit}, auth]\nplugins: [${A}]`)).toEqual([expect.stringContaining('put auth before rate_limit')])
  })

  test('what could not be loaded is the only problem', async () => {
    expect(await check('middleware: [auth]\nplugins: [{ name: a, path: gone.mjs }]')).toEqual([expect.stringContaining('there is no file')])
  })
})

describe('routes[].auth', () => {
  const modules = { 'a.mjs': providerPlugin('own-name'), 'plain.mjs': plainPlugin('plain') }
  const A = 'plugins: [{ name: a, path: a.mjs }]\n'
  const route = (auth: string, more = ''): string => `${UP}routes: [{ path: /a, upstream: up, auth: ${auth}${more} }]\n`
  const check = (yaml: string): Promise<string[]> => codes(beside(yaml, modules), only)

  test('demands arrive, providers under the names they give themselves', async () => {
    const demands = async (yaml: string): Promise<unknown> => (await valid(beside(yaml, modules), only)).gateway.routes![0]!.auth
    const demand = '{ providers: [a], scopes: [read, 1], roles: [admin] }'
    expect(await demands(`middleware: [auth]\n${A}${route(demand)}`)).toEqual({
      providers: ['own-name'],
      scopes: ['read', '1'],
      roles: ['admin'],
    })
    expect(await demands(`${A}${route(demand)}`)).toEqual({ providers: ['own-name'], scopes: ['read', '1'], roles: ['admin'] })
    expect(await demands(`middleware: [auth]\n${A}${route('false')}`)).toBe(false)
    expect(await demands(`${A}${route('{}', ', middleware: [auth]')}`)).toEqual({})
  })

  test('a demand that nobody enforces is an error', async () => {
    expect(await check(route('{ roles: [admin] }'))).toEqual(['auth_not_enforced routes[0].auth'])
    expect(await check(`middleware: [cors]\n${route('{}')}`)).toEqual(['auth_not_enforced routes[0].auth'])
    // The plugin serves the auth of the other route too, and stands alone at this one.
    const other = `${A}${UP}routes:\n  - { path: /a, upstream: up, auth: { roles: [admin] } }\n  - { path: /b, upstream: up, middleware: [auth] }\n`
    expect(await check(other)).toEqual([])
    // A plugin of one's own may enforce it: the gateway asks it.
    expect(await check(`plugins: [{ name: p, path: plain.mjs }]\n${route('{ roles: [admin] }')}`)).toEqual([])
  })

  test.each([
    ['{ providers: [b] }', 'unknown_auth_provider routes[0].auth.providers[0]'],
    ['{ roles: [] }', 'invalid_value routes[0].auth.roles'],
    ['true', 'invalid_value routes[0].auth'],
    ['{ role: [x] }', 'unknown_key routes[0].auth.role'],
  ])('auth: %s', async (auth, code) => {
    expect(await check(`middleware: [auth]\n${A}${route(auth)}`)).toEqual([code])
  })

  test('true is told what may stand there', async () => {
    const { issues } = await load(beside(`middleware: [auth]\n${A}${route('true')}`, modules), only)
    expect(issues[0]!.message).toContain('must be false, or a map of keys such as providers, scopes, roles, not true')
  })
})
