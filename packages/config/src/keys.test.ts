import { describe, expect, test } from 'vitest'
import { load, valid } from './testing/files.ts'
import { testCertificates } from '@octopus-gateway/testing'
import type { LoadedConfig } from './options.ts'

const HASH = `$2b$04$${'a'.repeat(53)}`
const UPSTREAM = 'upstreams:\n  - name: users\n    instances: [{ address: 10.0.0.7, port: 8081 }]\n'
const service = (extra: string): string =>
  `discovery:\n  backend: static\n  static:\n    services: [{ name: users, address: 10.0.0.7, port: 8081${extra} }]\n`
const upstream = (extra: string): string => `upstreams:\n  - { name: users, ${extra} }\n`
const instance = (extra: string): string => upstream(`instances: [{ address: 10.0.0.7, port: 8081${extra} }]`)
const route = (extra: string): string => `${UPSTREAM}routes:\n  - { path: /api/users, upstream: users${extra} }\n`

async function services(config: LoadedConfig): Promise<unknown> {
  const watched = config.gateway.discovery![0]!.watch(new AbortController().signal, {
    log: { error() {}, warn() {}, info() {}, debug() {} },
    fail: (reason) => expect.fail(reason),
  })
  for await (const set of watched) return set
  return undefined
}

/** Every key that works: what is written, where it arrives, and what is there when it is not written. */
const ROWS: readonly (readonly [key: string, yaml: string, read: (config: LoadedConfig) => unknown, value: unknown])[] = [
  ['server.http_port', 'server: { http_port: 81 }', (c) => c.server.port, 81],
  ['server.host', 'server: { host: "::1" }', (c) => c.server.host, '::1'],
  ['server.admin_port', 'server: { admin_port: 91 }', (c) => c.admin.port, 91],
  [
    'server.trusted_proxies',
    'server: { trusted_proxies: [10.0.0.0/8, 10.1.2.3, "fd00::/8"] }',
    (c) => c.gateway.trustedProxies,
    ['10.0.0.0/8', '10.1.2.3/32', 'fd00::/8'],
  ],
  ['server.timeouts.header', 'server: { timeouts: { header: 1s } }', (c) => c.server.timeouts.header, 1000],
  ['server.timeouts.idle', 'server: { timeouts: { idle: 2s } }', (c) => c.server.timeouts.idle, 2000],
  ['server.timeouts.keep_alive', 'server: { timeouts: { keep_alive: 3s } }', (c) => c.server.timeouts.keepAlive, 3000],
  ['server.timeouts.request_body', 'server: { timeouts: { request_body: 4s } }', (c) => c.server.timeouts.requestBody, 4000],
  ['server.limits.uri', 'server: { limits: { uri: 1KiB } }', (c) => c.gateway.limits?.uri, 1024],
  ['server.limits.headers', 'server: { limits: { headers: 2KiB } }', (c) => c.gateway.limits?.headers, 2048],
  ['server.limits.header_count', 'server: { limits: { header_count: 7 } }', (c) => c.gateway.limits?.headerCount, 7],
  ['server.limits.body', 'server: { limits: { body: 10MiB } }', (c) => c.gateway.limits?.body, 10 * 1024 ** 2],
  ['server.limits.connections', 'server: { limits: { connections: 5 } }', (c) => c.server.limits.connections, 5],
  ['server.limits.connections: none', 'server: { limits: { connections: none } }', (c) => c.server.limits.connections, Infinity],
  ['server.limits.connections_per_ip', 'server: { limits: { connections_per_ip: 6 } }', (c) => c.server.limits.connectionsPerIp, 6],
  ['discovery.backend', 'discovery: { backend: static }', (c) => c.gateway.discovery?.map((provider) => provider.name), ['static']],
  ['routing.load_balance', 'routing: { load_balance: round_robin }', (c) => c.gateway.routing?.loadBalance, 'round-robin'],
  ['routing.timeout', 'routing: { timeout: 1m }', (c) => c.gateway.routing?.timeout, 60_000],
  ['routing.connect_timeout', 'routing: { connect_timeout: 500ms }', (c) => c.gateway.routing?.connectTimeout, 500],
  ['routing.idle_timeout', 'routing: { idle_timeout: 1h }', (c) => c.gateway.routing?.idleTimeout, 3_600_000],
  ['routing.zone', 'routing: { zone: eu-1 }', (c) => c.gateway.routing?.zone, 'eu-1'],
  ['routing.panic_threshold', 'routing: { panic_threshold: 30 }', (c) => c.gateway.routing?.panicThreshold, 30],
  [
    'routing.slow_start',
    'routing: { slow_start: { window: 30s } }',
    (c) => c.gateway.routing?.slowStart,
    { window: 30_000, aggression: 1 },
  ],
  ['routing.retries', 'routing: { retries: 0 }', (c) => c.gateway.routing?.retries, 0],
  ['upstreams[].instances', UPSTREAM, endpoints, [{ id: 'http://10.0.0.7:8081', origin: 'http://10.0.0.7:8081', weight: 1, labels: {} }]],
  [
    'upstreams[].instances[].address',
    upstream('instances: [{ address: "fd00::7", port: 1 }]'),
    (c) => endpoint(c).origin,
    'http://[fd00::7]:1',
  ],
  ['upstreams[].instances[].weight', instance(', weight: 0.5'), (c) => endpoint(c).weight, 0.5],
  ['upstreams[].instances[].zone', instance(', zone: 1'), (c) => endpoint(c).zone, '1'],
  ['upstreams[].instances[].id', instance(', id: one'), (c) => endpoint(c).id, 'one'],
  ['upstreams[].instances[].metadata', instance(', metadata: { version: 1.10 }'), (c) => endpoint(c).labels, { version: '1.10' }],
  ['upstreams[].service', `${service('')}${upstream('service: users')}`, endpoints, { discover: 'users' }],
  ['upstreams[].scheme', upstream('scheme: https, instances: [{ address: a, port: 1 }]'), (c) => endpoint(c).origin, 'https://a:1'],
  ['upstreams[].protocol', upstream('protocol: http1, instances: [{ address: a, port: 1 }]'), (c) => endpoint(c).origin, 'http://a:1'],
  [
    'upstreams[].load_balance',
    upstream('load_balance: round-robin, instances: [{ address: a, port: 1 }]'),
    (c) => users(c).loadBalance,
    'round-robin',
  ],
  [
    'upstreams[].hash_on',
    upstream('load_balance: ring_hash, hash_on: cookie:id, instances: [{ address: a, port: 1 }]'),
    (c) => [users(c).loadBalance, users(c).hashOn],
    ['ring-hash', 'cookie:id'],
  ],
  [
    'upstreams[].sticky',
    upstream('sticky: { cookie: at, ttl: 1h, path: /shop }, instances: [{ address: a, port: 1 }]'),
    (c) => users(c).sticky,
    { cookie: 'at', ttl: 3_600_000, path: '/shop' },
  ],
  [
    'upstreams[].slow_start, panic_threshold',
    upstream('slow_start: { window: 1m, aggression: 2 }, panic_threshold: 50, instances: [{ address: a, port: 1 }]'),
    (c) => [users(c).slowStart, users(c).panicThreshold],
    [{ window: 60_000, aggression: 2 }, 50],
  ],
  ['upstreams[].instances[].priority', instance(', priority: 2'), (c) => endpoint(c).priority, 2],
  ['upstreams[].host', upstream('host: upstream, instances: [{ address: a, port: 1 }]'), (c) => users(c).host, 'upstream'],
  ['upstreams[].timeout', upstream('timeout: 1s, instances: [{ address: a, port: 1 }]'), (c) => users(c).timeout, 1000],
  [
    'upstreams[].connect_timeout',
    upstream('connect_timeout: 2s, instances: [{ address: a, port: 1 }]'),
    (c) => users(c).connectTimeout,
    2000,
  ],
  ['upstreams[].idle_timeout', upstream('idle_timeout: 3s, instances: [{ address: a, port: 1 }]'), (c) => users(c).idleTimeout, 3000],
  ['upstreams[].retries', upstream('retries: 1, instances: [{ address: a, port: 1 }]'), (c) => users(c).retries, 1],
  ['routes[].path, upstream', route(''), (c) => c.gateway.routes, [{ path: '/api/users', upstream: 'users', priority: 50, tags: [] }]],
  ['routes[].host', route(', host: "*.example.com"'), (c) => first(c).host, '*.example.com'],
  ['routes[].methods', route(', methods: [get, POST]'), (c) => first(c).methods, ['GET', 'POST']],
  ['routes[].strip_prefix', route(', strip_prefix: /api'), (c) => first(c).rewrite, { stripPrefix: '/api' }],
  [
    'routes[].rewrite.pattern',
    route(', rewrite: { pattern: "^/v1/(.*)$", replacement: "/$1" }'),
    (c) => first(c).rewrite,
    { rules: [{ pattern: '^/v1/(.*)$', replacement: '/$1' }] },
  ],
  [
    'routes[].rewrite.replacement',
    route(', rewrite: { pattern: "^/(?P<a>.)", replacement: "/$${a}x" }'),
    (c) => first(c).rewrite,
    { rules: [{ pattern: '^/(?P<a>.)', replacement: '/${a}x' }] },
  ],
  ['routes[].add_prefix', route(', add_prefix: /v2'), (c) => first(c).rewrite, { addPrefix: '/v2' }],
  ['routes[].priority', route(', priority: 99'), (c) => first(c).priority, 99],
  ['routes[].timeout', route(', timeout: 1s'), (c) => first(c).timeout, 1000],
  ['routes[].idle_timeout', route(', idle_timeout: 2s'), (c) => first(c).idleTimeout, 2000],
  ['routes[].retries', route(', retries: 2'), (c) => first(c).retries, 2],
  ['routes[].tags', route(', tags: [a, 2]'), (c) => first(c).tags, ['a', '2']],
  ['admin.enabled', 'admin: { enabled: false }', (c) => c.admin.enabled, false],
  ['admin.address', 'admin: { address: "[::1]:9191" }', (c) => [c.admin.host, c.admin.port], ['::1', 9191]],
  [
    'admin.auth',
    `admin: { address: 0.0.0.0, auth: { username: admin, password_hash: ${HASH} } }`,
    (c) => c.admin.auth,
    { username: 'admin', passwordHash: HASH },
  ],
  [
    'admin.auth.type',
    `admin: { auth: { type: basic, username: a, password_hash: ${HASH.replace('$2b', '$2y')} } }`,
    (c) => c.admin.auth?.passwordHash,
    HASH,
  ],
  [
    'admin.allow_unauthenticated',
    'admin: { address: 0.0.0.0:9090, allow_unauthenticated: true }',
    (c) => [c.admin.host, c.admin.allowUnauthenticated],
    ['0.0.0.0', true],
  ],
  [
    'observability.metrics.enabled',
    'observability: { metrics: { enabled: false } }',
    (c) => [c.metrics.enabled, c.gateway.metrics],
    [false, false],
  ],
  ['observability.metrics.path', 'observability: { metrics: { path: /prom } }', (c) => c.metrics.path, '/prom'],
  ['observability.logging.level', 'observability: { logging: { level: debug } }', (c) => c.logging.level, 'debug'],
  ['observability.logging.format', 'observability: { logging: { format: text } }', (c) => c.logging.format, 'text'],
]

const users = (config: LoadedConfig): { readonly [key: string]: unknown } => config.gateway.upstreams!.users as never
function endpoints(config: LoadedConfig): unknown {
  return users(config).endpoints
}
const endpoint = (config: LoadedConfig): { readonly [key: string]: unknown } => (endpoints(config) as never[])[0]!
const first = (config: LoadedConfig): NonNullable<LoadedConfig['gateway']['routes']>[number] => config.gateway.routes![0]!

describe('[R31] every key arrives', () => {
  test.each(ROWS)('%s', async (_key, yaml, read, value) => {
    expect(read(await valid(yaml))).toEqual(value)
  })

  test('discovery.static.services[]', async () => {
    const config = await valid(service(', weight: 3, zone: eu, version: 1.10, metadata: { farp.manifest: "http://a/m", n: 1 }'))
    const metadata = { 'farp.manifest': 'http://a/m', n: '1' }
    expect(await services(config)).toEqual([
      {
        id: 'users@10.0.0.7:8081',
        service: 'users',
        host: '10.0.0.7',
        port: 8081,
        secure: false,
        ready: true,
        weight: 3,
        zone: 'eu',
        version: '1.10',
        metadata,
      },
    ])
  })

  test('farp.*', async () => {
    const { config, farp } = await load(
      `${service('')}farp: { enabled: true, watch_interval: 1s, schema_cache_ttl: 2m, default_strategy: root, domain: example.com, root_mounts: [users], reserved_subdomains: [gateway], ` +
        'allowed_hosts: ["*.example.com:8443"], probe: false, hash_verification: enforce, include_introspection: true, route_linger: 0s, trust_hints: [timeout, retry], ' +
        'collapse_service_tags: true, info: { title: Shop, version: "2", description: All }, merge: { conflict_strategy: skip, security_strategy: per_service }, update_policy: gated, ' +
        'include_tags: [public], exclude_tags: [internal], major_alias: true, instance_labels: { env: prod }, region: eu, split_on: ip, ' +
        'colours: { users: green }, shadow: { enabled: true, sample: 5, max_body: 1KiB } }',
    )
    expect(config?.gateway.sources?.map((source) => source.name)).toEqual(['farp'])
    expect(farp).toEqual({
      watchInterval: 1000,
      schemaCacheTtl: 120_000,
      defaultStrategy: 'root',
      domain: 'example.com',
      rootMounts: ['users'],
      reservedSubdomains: ['gateway'],
      allowedHosts: ['*.example.com:8443'],
      probe: false,
      hashVerification: 'enforce',
      includeIntrospection: true,
      routeLinger: 0,
      trustHints: ['timeout', 'retry'],
      includeTags: ['public'],
      excludeTags: ['internal'],
      majorAlias: true,
      instanceLabels: { env: 'prod' },
      region: 'eu',
      splitOn: 'ip',
      colours: { users: 'green' },
      shadow: { enabled: true, sample: 5, maxBody: 1024 },
      collapseServiceTags: true,
      info: { title: 'Shop', version: '2', description: 'All' },
      merge: { conflictStrategy: 'skip', security: { strategy: 'per_service' } },
      updatePolicy: 'gated',
    })
  })

  test('farp.auth and farp.webhooks', async () => {
    const { farp } = await load(
      `${service('')}farp: { auth: { providers: { bearer: jwt-auth } }, webhooks: { send: true, secrets: { users: "sixteen or longer" } } }`,
    )
    expect(farp).toMatchObject({
      auth: { enforce: 'auto', providers: { bearer: 'jwt-auth' }, allowRelaxation: false, default: 'inherit' },
      webhooks: { receive: false, send: true, poll: false, secrets: { users: 'sixteen or longer' }, manifestSecrets: true, tokens: {} },
    })
  })

  test('farp.push.*', async () => {
    const token = 'a-token-of-these-tests'
    const { farp } = await load(
      `farp: { push: { enabled: true, tokens: [${token}, { token: another-${token}, services: [users] }], allow_from: [10.0.0.0/8], ` +
        'heartbeat_timeout: 5s, missed_probes: 3, aliases: [/farp] } }',
    )
    expect(farp).toMatchObject({
      push: {
        enabled: true,
        tokens: [{ token }, { token: `another-${token}`, services: ['users'] }],
        allowFrom: ['10.0.0.0/8'],
        heartbeatTimeout: 5000,
        missedProbes: 3,
        aliases: ['/farp'],
      },
    })
  })

  test('farp.push.client_certificates', async () => {
    const { ca, server } = testCertificates()
    const pem = { env: { CERT: server.cert, KEY: server.key, CA: ca } }
    const listener = 'admin: { tls: { cert: "${CERT}", key: "${KEY}", client_auth: { ca: "${CA}", mode: optional } } }\n'
    const given = async (yaml: string): Promise<unknown> => {
      const { farp } = await load(`${listener}farp: { push: { enabled: true, client_certificates: ${yaml} } }`, { host: pem })
      return (farp as { readonly push: { readonly clientCertificates: unknown } }).push.clientCertificates
    }
    expect(await given('true')).toBe(true)
    expect(await given(`[DNS:Users.internal, { name: "URI:spiffe://shop/users", services: [users] }, ${'12'.repeat(32)}]`)).toEqual([
      { name: 'DNS:Users.internal' },
      { name: 'URI:spiffe://shop/users', services: ['users'] },
      { name: '12'.repeat(32) },
    ])
  })

  test('store.path starts at the file that names it', async () => {
    const { config } = await load('store: { path: kept }')
    expect(config?.store.path).toMatch(/^\/.*\/kept$/)
    expect((await load('')).config?.store.path).toBe('.octopus')
  })

  test('farp.enabled: false makes no source and loads no package', async () => {
    const { config, farp } = await load(`${service('')}farp: { enabled: false }`, {
      host: { import: () => Promise.reject(new Error('loaded')) },
    })
    expect(config?.gateway.sources).toEqual([])
    expect(farp).toBeUndefined()
  })

  test('farp is on by default where there is discovery', async () => {
    const { farp } = await load(service(''))
    expect(farp).toMatchObject({
      watchInterval: 5000,
      schemaCacheTtl: 300_000,
      defaultStrategy: 'service',
      trustHints: [],
      routeLinger: 30_000,
    })
    expect(farp).not.toHaveProperty('probe')
  })
})

test.each([
  ['auto', 'auto'],
  ['4', 4],
])('server.workers: %s', async (written, workers) => {
  expect((await valid(`server: { workers: ${written} }`)).server.workers).toBe(workers)
})

test('the defaults are those of the documentation', async () => {
  const config = await valid('{}')
  expect(config.server).toEqual({
    port: 8080,
    host: '0.0.0.0',
    http2Push: false,
    upstreamClient: 'native',
    workers: 1,
    timeouts: { header: 10_000, idle: 60_000, keepAlive: 75_000 },
    limits: { connections: 10_000 },
    probes: { liveness: '/livez', readiness: '/readyz', startup: '/startupz', requireSync: true },
  })
  expect(config.shutdown).toEqual({ preStopDelay: 0, grace: 30_000 })
  expect(config.admin).toEqual({ enabled: true, host: '127.0.0.1', port: 9090, allowUnauthenticated: false })
  expect(config.gateway.limits).toEqual({ uri: 8192, headers: 16_384, headerCount: 100 })
  expect(config.gateway.routing).toEqual({
    loadBalance: 'round-robin',
    panicThreshold: 0,
    timeout: 30_000,
    connectTimeout: 2000,
    idleTimeout: 60_000,
    retries: 3,
    retry: { budget: 0.2, backoff: 25, maxBackoff: 1000, statuses: [502, 503, 504], grpcStatuses: [], maxBody: 65_536 },
  })
  expect(config.metrics).toEqual({ enabled: true, path: '/metrics' })
  expect(config.logging).toEqual({ level: 'info', format: 'json' })
  expect((await valid('{}', { host: { isTerminal: true } })).logging.format).toBe('text')
})

test('the smallest file runs, and so does an empty block', async () => {
  await valid(
    'server:\n  http_port: 8080\n  admin_port: 9090\ndiscovery:\n  backend: static\n  static:\nfarp:\n  enabled: true\n  watch_interval: 5s\n',
  )
  await valid('server:\n  # http_port: 1\nroutes:\nrouting:\n')
})
