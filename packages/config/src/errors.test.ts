import { codes, load } from './testing/files.ts'
import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'

const MISSION = readFileSync(new URL('./testing/full.yaml', import.meta.url), 'utf8')
const OPEN = 'users:\n'

async function only(yaml: string): Promise<string> {
  const { issues } = await load(yaml)
  expect(issues).toHaveLength(1)
  const [issue] = issues
  return `${issue!.source}: ${issue!.path}: ${issue!.message}`
}

describe('[R31] nothing is ignored', () => {
  test('every key of the full file that is not built yet is refused at its place, in one report', async () => {
    const { issues } = await load(MISSION, { host: { env: { JWT_SECRET: 'x' } } })
    const lines = MISSION.split('\n')
    const refused = issues.filter((issue) => issue.code === 'not_available')
    for (const issue of refused) {
      expect(issue.message).toContain('not available yet')
      const [, line, column] = issue.source!.split(':').map(Number)
      const key = issue.path.endsWith(']') ? '' : issue.path.split('.').at(-1)!
      expect(lines[line! - 1]!.slice(column! - 1).startsWith(key)).toBe(true)
    }
    expect(refused.map((issue) => issue.path)).toEqual([
      'observability.tracing.enabled',
      'observability.tracing.exporter',
      'observability.tracing.endpoint',
    ])
    expect(issues.filter((issue) => issue.code !== 'not_available').map((issue) => issue.path)).toEqual([
      'tls.cert',
      'tls.key',
      'plugins[0].path',
      'admin.auth.password_hash',
    ])
  })

  test.each([
    [
      'admin: { auth: { type: oidc, username: a, password_hash: $2b$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa } }',
      'admin.auth.type',
    ],
    ['graphql: {}', 'graphql'],
  ])('%s is refused by name', async (yaml, path) => {
    expect(await codes(yaml)).toEqual([`not_available ${path}`])
  })

  test('only what a balancer uses can be given to it', async () => {
    const up = (more: string): string => `upstreams: [{ name: a, instances: [{ address: a, port: 1 }], ${more} }]\n`
    expect(await codes(up('hash_on: uri'))).toEqual(['conflicting_keys upstreams[0].hash_on'])
    expect(await codes(`routing: { load_balance: ring_hash }\n${up('hash_on: uri, load_balance: ewma')}`)).toEqual([
      'conflicting_keys upstreams[0].hash_on',
    ])
    expect(await codes(up('load_balance: maglev, hash_on: header'))).toEqual(['invalid_value upstreams[0].hash_on'])
    expect(await codes(up('load_balance: fastest, hash_on: ip'))).toEqual(['invalid_value upstreams[0].load_balance'])
    expect(await codes(up('sticky: { cookie: "a b", ttl: 10ms, path: "/;x" }'))).toEqual([
      'invalid_value upstreams[0].sticky.cookie',
      'invalid_value upstreams[0].sticky.ttl',
      'invalid_value upstreams[0].sticky.path',
    ])
    expect(await codes(up('sticky: {}'))).toEqual(['missing_key upstreams[0].sticky.cookie'])
    expect(await codes('routing: { slow_start: { window: 1s, aggression: 0 }, panic_threshold: 101 }')).toEqual([
      'invalid_value routing.slow_start.aggression',
      'invalid_value routing.panic_threshold',
    ])
  })

  test('several upstreams of a route are checked one by one', async () => {
    const ups = 'upstreams: [{ name: a, instances: [{ address: a, port: 1 }] }]\n'
    expect(await codes(`${ups}routes: [{ path: /, upstream: [{ upstream: a }, { upstream: b, wieght: 3 }], split_on: header }]`)).toEqual([
      'dangling_upstream routes[0].upstream[1].upstream',
      'unknown_key routes[0].upstream[1].wieght',
      'invalid_value routes[0].split_on',
    ])
    expect(await codes(`${ups}routes: [{ path: /, upstream: a, split_on: ip }]`)).toEqual(['conflicting_keys routes[0].split_on'])
    expect(await codes(`${ups}routes: [{ path: /, upstream: 7 }]`)).toEqual(['dangling_upstream routes[0].upstream'])
    expect(await only(`${ups}routes: [{ path: /, upstream: { a: b } }]`)).toContain('must be a name, or a list, not a map')
  })

  test('an unknown key brings its place and a suggestion', async () => {
    expect(await only('routing:\n  circut_breaker: {}\n')).toBe(
      'octopus.yaml:2:3: routing.circut_breaker: there is no such key; did you mean circuit_breaker?',
    )
    expect(await only('circut_breaker: {}\n')).toContain('did you mean routing.circuit_breaker?')
    expect(await only('server: { httpPort: 1 }')).toContain('did you mean http_port?')
    expect(await only('http_port: 1')).toContain('did you mean server.http_port?')
    expect(await only(OPEN)).toContain('the keys at the top are server, tls')
  })

  test('all unknown keys of a map are reported, not only the first', async () => {
    expect(await codes('server: { a1: 1, b2: 2 }\nadmin: { c3: 1 }')).toEqual([
      'unknown_key server.a1',
      'unknown_key server.b2',
      'unknown_key admin.c3',
    ])
  })
})

describe('values', () => {
  test.each([
    ['server: { http_port: "8080" }', 'must be a port number from 0 to 65535, not "8080"; write it without quotes'],
    ['server: { http_port: 70000 }', 'not 70000'],
    ['server: 5', 'must be a map of keys such as http_port, https_port, host, not 5'],
    ['routing: { timeout: 30 }', 'write 30s or 30ms'],
    ['routing: { timeout: 0s }', 'must be at least 1ms'],
    ['routing: { timeout: 597h }', 'must be at most 596h'],
    ['routing: { timeout: 5 s }', 'such as 250ms, 5s, 5m or 1h'],
    ['server: { limits: { body: 10MB } }', 'did you mean 10MiB?'],
    ['server: { limits: { body: 0 } }', 'from 1 byte up'],
    ['server: { trusted_proxies: [10.0.0.0/33] }', 'must be a range'],
    ['server: { trusted_proxies: 10.0.0.0/8 }', 'must be a list'],
    ['server: { host: "http://x" }', 'leave out scheme, port and path'],
    ['admin: { enabled: yes }', 'write true without quotes'],
    ['admin: { address: ":9090" }', 'write 0.0.0.0:9090 for every address'],
    ['observability: { logging: { level: warning } }', 'did you mean warn?'],
    ['observability: { metrics: { path: /_/metrics } }', 'outside /_/'],
    ['upstreams: [{ name: a, instances: [] }]', 'needs at least one instance'],
    ['upstreams: [{ name: a }]', 'needs instances'],
    ['upstreams: [{ name: a, instances: [{ address: a, port: 1 }, { address: a, port: 1 }] }]', 'already taken by instances[0]'],
    ['upstreams: [{ name: a, service: b }]', 'there is no discovery'],
    ['discovery: { backend: static }\nupstreams: [{ name: a, service: b }]', 'there is no service "b"'],
    ['discovery: { static: {} }', 'is missing; add it'],
    ['discovery: { backend: static }\nfarp: { allowed_hosts: ["http://a"] }', 'leave out scheme and path'],
    ['discovery: { backend: static }\nfarp: { watch_interval: 9ms }', 'must be at least 10ms'],
    ['farp: { push: { enabled: true, tokens: [short] } }', 'must be a token of 16 to 512 letters'],
    [
      'farp: { push: { enabled: true } }\nadmin: { address: 0.0.0.0, allow_unauthenticated: true }',
      'add farp.push.tokens, farp.push.client_certificates or farp.push.allow_from',
    ],
    [
      'farp: { push: { enabled: true, client_certificates: true } }',
      'farp.push.client_certificates: would never be seen: the admin listener asks nobody for a certificate; add admin.tls',
    ],
    ['farp: { push: { enabled: true, client_certificates: yes } }', 'must be true, false, or a list, not "yes"'],
    [
      'discovery: { backend: static }\nfarp: { push: { client_certificates: [users.internal] } }',
      'client_certificates[0]: must name a whole name of a certificate such as',
    ],
    [
      'discovery: { backend: static }\nfarp: { push: { client_certificates: ["DNS:*.internal"] } }',
      'without wildcards, or its SHA-256 fingerprint, not "DNS:*.internal"',
    ],
    [
      'discovery: { backend: static }\nfarp: { push: { client_certificates: [{ DNS: users.internal }] } }',
      'or a map with "name" and "services", not a map',
    ],
    [
      'discovery: { backend: static }\nfarp: { push: { client_certificates: [{ name: "DNS:a", services: [] }] } }',
      'must name at least one service',
    ],
    ['farp: { push: { enabled: true } }\nadmin: { enabled: false }', 'registrations are taken on the admin listener'],
    ['farp: { enabled: true }', 'FARP finds services through discovery'],
    ['server: { http_port: 9090 }', 'both want port 9090'],
  ])('%s', async (yaml, message) => {
    expect(await only(yaml)).toContain(message)
  })

  const WITH = 'upstreams: [{ name: users, instances: [{ address: a, port: 1 }] }]\nroutes: '
  test.each([
    ['[{ path: /a, upstream: user }]', 'there is no upstream "user"; did you mean "users"?'],
    ['[{ path: /a, upstream: orders }]', 'use one of users'],
    ['[{ path: a, upstream: users }]', 'not "a"; A path starts with "/"'],
    ['[{ path: /*/a, upstream: users }]', 'must be the last segment'],
    ['[{ path: /api/*, upstream: users, strip_prefix: /apis }]', 'nothing would be removed'],
    ['[{ path: /a, upstream: users, methods: [GTE] }]', 'did you mean GET?'],
    ['[{ path: /a, upstream: users, methods: [] }]', 'needs at least one method'],
    ['[{ path: /a, upstream: users, host: "a.b.*" }]', '"label.*" takes one label'],
    ['[{ path: "/{a}{b}", upstream: users }]', 'it has two parameters side by side'],
    ['[{ path: /a/../b, upstream: users }]', 'it contains a dot segment'],
    ['[{ path: /a, upstream: users, host: "https://a" }]', 'write api.example.com'],
    ['[{ path: /a/*, upstream: users, strip_prefix: /a/.. }]', 'dot segment'],
    ['[{ path: /a/*, upstream: users, rewrite: { pattern: "(a)\\\\1", replacement: "" } }]', 'back-references'],
    ['[{ path: /a/*, upstream: users, rewrite: { pattern: "^/a", replacement: "/$1" } }]', 'no group "1"'],
    ['[{ path: "/a/{x}", upstream: users }, { path: "/a/:y", upstream: users }]', 'routes[0] already has this host, path and methods'],
    [
      '[{ path: /a, upstream: users, methods: [GET, PUT] }, { path: /a, upstream: users, methods: [put] }]',
      'already has this host, path and method PUT',
    ],
    ['[{ path: /a, upstream: users, methods: [GET, PUT] }, { path: /a, upstream: users, methods: [put, get] }]', 'routes[0] already has'],
    ['[{ path: /a, upstream: users, host: A.example.com }, { path: /a, upstream: users, host: a.example.com }]', 'routes[0] already has'],
  ])('routes: %s', async (yaml, message) => {
    expect(await only(`${WITH}${yaml}`)).toContain(message)
  })

  test('routes of one place are told apart by their priority', async () => {
    expect(await codes(`${WITH}[{ path: /a, upstream: users }, { path: /a, upstream: users, priority: 60 }]`)).toEqual([])
    expect(await codes(`${WITH}[{ path: /a, upstream: users }, { path: /a, upstream: users, priority: 50 }]`)).toEqual([
      'duplicate_route routes[1]',
    ])
  })

  test('a path from the environment is refused without being shown', async () => {
    const { issues } = await load(`${WITH}[{ path: "\${AT}", upstream: users }]`, { host: { env: { AT: '/hidden/{}' } } })
    expect(issues.map((issue) => issue.message)).toEqual([expect.stringContaining('the value of ${AT}')])
    expect(issues[0]!.message).not.toContain('hidden')
  })

  test('one report holds problems of every kind, in the order of the file', async () => {
    const yaml =
      'servr: {}\nupstreams:\n  - name: users\n    instances: [{ address: a }]\nroutes:\n  - path: /a\n    upstream: user\n  - path: /{a}{b}\n    upstream: users\nadmin: { address: 0.0.0.0:1 }\n'
    expect(await codes(yaml)).toEqual([
      'unknown_key servr',
      'missing_key upstreams[0].instances[0].port',
      'dangling_upstream routes[0].upstream',
      'invalid_value routes[1].path',
      'unauthenticated_admin admin.address',
    ])
  })
})

describe('the admin listener', () => {
  test('[R3] beyond loopback it needs auth, and the error names both ways out', async () => {
    const message = await only('admin: { address: 0.0.0.0:9090 }')
    expect(message).toContain('admin.auth')
    expect(message).toContain('admin.allow_unauthenticated')
    for (const host of ['127.0.0.1', '127.8.8.8', '[::1]', 'localhost'])
      expect(await codes(`admin: { address: "${host}:9090" }`)).toEqual([])
    expect(await codes('admin: { enabled: false, address: 0.0.0.0:9090 }')).toEqual([])
  })

  test('two different ports are an error, two equal ones are not', async () => {
    expect(await only('server: { admin_port: 1 }\nadmin: { address: 127.0.0.1:2 }')).toContain(
      'names port 2, and server.admin_port names 1',
    )
    expect(await codes('server: { admin_port: 2 }\nadmin: { address: 127.0.0.1:2 }')).toEqual([])
  })

  test('a password hash is never shown', async () => {
    expect(await only('admin: { auth: { username: a, password_hash: hunter2 } }')).not.toContain('hunter2')
  })
})

describe('YAML', () => {
  test('duplicate keys, tags and other problems come together', async () => {
    const { issues } = await load('server: { http_port: 1 }\nserver: { http_port: 2 }\nrouting: { timeout: !dur 5 }\n')
    expect(issues.map((issue) => `${issue.source} ${issue.code}`)).toEqual([
      'octopus.yaml:2:1 duplicate_key',
      'octopus.yaml:3:21 unknown_tag',
    ])
  })

  test('what is not YAML is told with its place', async () => {
    expect(await only('server:\n  http_port: [1\n')).toMatch(/^octopus\.yaml:\d+:\d+: : this is not YAML/)
    expect(await only('- 1\n')).toContain('must hold a map')
  })

  test('anchors and << work', async () => {
    const yaml = 'upstreams:\n  - &a { name: a, timeout: 1s, instances: [{ address: a, port: 1 }] }\n  - { <<: *a, name: b }\n'
    const { config } = await load(yaml)
    expect(config?.gateway.upstreams?.b).toMatchObject({ timeout: 1000, endpoints: [{ origin: 'http://a:1' }] })
  })

  test('aliases that multiply or contain themselves are refused', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]},`.repeat(10)}]`),
    ].join('\n')
    expect(await codes(bomb)).toEqual(expect.arrayContaining([expect.stringMatching(/^too_large /)]))
    expect(await codes('server: &s { host: *s }')).toEqual(['invalid_alias server.host'])
  })

  test('__proto__ is a key like any other', async () => {
    expect(await codes('__proto__: { http_port: 1 }')).toEqual(['unknown_key __proto__'])
    const { config } = await load('upstreams: [{ name: a, instances: [{ address: a, port: 1, metadata: { __proto__: x } }] }]')
    expect(config).toBeDefined()
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

test('a missing package says what to do', async () => {
  const { issues } = await load('discovery: { backend: static }', {
    host: { import: () => Promise.reject(new Error('Cannot find package')) },
  })
  expect(issues[0]?.message).toContain(
    '@octopus-gateway/farp could not be loaded (Cannot find package); install it, or set farp.enabled to false',
  )
})

test('an issue of the gateway gets the place of its key', async () => {
  const { config } = await load(
    'upstreams:\n  - name: a\n    connect_timeout: 1s\n    instances: [{ address: a, port: 1 }]\nroutes:\n  - upstream: a\n    path: /a\n',
  )
  const located = (path: string): string | undefined => config!.locate({ code: 'x', path, message: 'm' }).source?.replace(/^.*\//, '')
  expect(located('routes[0].path')).toBe('octopus.yaml:7:5')
  expect(located('upstreams.a.connectTimeout')).toBe('octopus.yaml:3:5')
})
