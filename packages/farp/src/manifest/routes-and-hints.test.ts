import { describe, expect, test } from 'vitest'
import { finding } from '../findings.ts'
import { LIMITS } from '../limits.ts'
import { operationAt } from '../adapters/operation.ts'
import { parseManifest } from './parse.ts'
import { HINT_KINDS, readHints } from './hints.ts'
import { routeMetadataOf } from './route-metadata.ts'
import { routeTableOf } from './route-table.ts'
import type { HintKind } from './hints.ts'
import type { JsonObject } from '../json.ts'
import type { Manifest } from './manifest.ts'
import type { OperationTraits } from '../adapters/operation.ts'
import type { SchemaOperation } from '../adapters/adapter.ts'

function manifest(more: JsonObject): Manifest {
  return parseManifest(JSON.stringify({ version: '1.1.0', service_name: 'users', endpoints: { health: '/health' }, schemas: [], ...more }))
    .manifest
}

function operation(path: string, method = 'GET', traits: OperationTraits = {}): SchemaOperation {
  const found = operationAt(path, method, traits)
  if ('problem' in found) throw new Error(found.problem)
  return found
}

describe('route_table', () => {
  const table = (...entries: unknown[]): NonNullable<ReturnType<typeof routeTableOf>> =>
    routeTableOf(manifest({ route_table: entries }), LIMITS)!
  const lines = (...entries: unknown[]): string[] =>
    table(...entries).operations.map(
      ({ method, pattern, protocol, isFixed }) => `${method} ${pattern} ${protocol}${isFixed ? ' fixed' : ''}`,
    )

  test('one route per method; without methods the one of the protocol', () => {
    expect(
      lines(
        { path: '/a', methods: ['get', 'POST', 'GET'], protocol: 'rest' },
        { path: '/b/{id}' },
        { path: '/c/:id', protocol: 'websocket' },
        { path: '/d', protocol: 'sse' },
        { path: '/users.v1.Users/Get', protocol: 'grpc' },
        { path: '/graphql', protocol: 'GraphQL' },
      ),
    ).toEqual([
      'GET /a rest',
      'POST /a rest',
      'GET /b/{id} rest',
      'GET /c/{id} websocket',
      'GET /d sse',
      'POST /users.v1.Users/Get grpc fixed',
      'POST /graphql graphql',
    ])
  })

  test('an empty or missing one is none', () => {
    expect(routeTableOf(manifest({}), LIMITS)).toBeUndefined()
    expect(routeTableOf(manifest({ route_table: [] }), LIMITS)).toBeUndefined()
  })

  test('what an entry carries', () => {
    const offered = manifest({
      route_table: [
        {
          path: '/a',
          operation_id: 'a',
          deprecated: true,
          timeout: '1.5s',
          public: true,
          rate_limit: { requests_per_second: 5 },
          cors: {},
          middleware: [],
          metadata: { summary: 'A', tags: ['t', 1], idempotent: true, 'x-a': 1 },
        },
      ],
    })
    const [found] = routeTableOf(offered, LIMITS)!.operations
    expect(found).toMatchObject({ operationId: 'a', deprecated: true, summary: 'A', tags: ['t'], extensions: { 'x-a': 1 } })
    expect(routeMetadataOf(offered, found!)).toMatchObject({
      timeout: 1500,
      idempotent: true,
      carried: { public: true, rateLimit: { requests_per_second: 5 } },
    })
    expect(routeMetadataOf(offered, found!).carried).not.toHaveProperty('middleware')
  })

  test('[R38] [F12.10.paths] entries that reach outside the mount, or ask for tunnels, are left out with a finding each', () => {
    const found = table({ path: '/../admin' }, { path: 'a' }, 1, { methods: ['GET'] }, { path: '/t', methods: ['TRACE', 'CONNECT', 'G T'] })
    expect(found.operations).toEqual([])
    expect(found.findings.map(({ code }) => code)).toEqual(Array.from({ length: 7 }, () => 'PATH_SKIPPED'))
  })

  test('[R38] only calls of gRPC methods stand at the root: nothing else passes for one', () => {
    const grpc = (path: string, ...methods: string[]): object => ({ path, methods, protocol: 'grpc' })
    const found = table(grpc('/{any}/{thing}'), grpc('/'), grpc('/login'), grpc('/a.B/C', 'GET'), grpc('/a.B/C/d'), grpc('/a.B/C', 'POST'))
    expect(found.operations.map(({ path }) => path)).toEqual(['/a.B/C'])
    expect(found.findings.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'PATH_SKIPPED'))
  })

  test('not more than the limit', () => {
    const entries = Array.from({ length: 30 }, (_, i) => ({ path: `/p${i}` }))
    const found = routeTableOf(manifest({ route_table: entries }), { ...LIMITS, operations: 10 })!
    expect(found.operations).toHaveLength(10)
    expect(found.findings).toEqual([finding('LIMIT_EXCEEDED', 'route_table has more than 10 routes; the rest is left out')])
  })
})

describe('route metadata', () => {
  const said = manifest({
    routes: [
      { operation_id: 'byId', timeout_hint: '250ms', cost: 3 },
      { path: '/users/{id}', method: 'get', idempotent: true },
      { path: '/all', cacheable: true, cache_ttl: '5m' },
      'noise',
    ],
  })

  test('by operation id, else by method and path, whatever parameters are called; without a method for all', () => {
    expect(routeMetadataOf(said, operation('/x', 'POST', { operationId: 'byId' }))).toMatchObject({
      timeoutHint: 250,
      carried: { cost: 3 },
    })
    expect(routeMetadataOf(said, operation('/users/{userId}'))).toMatchObject({ idempotent: true })
    expect(routeMetadataOf(said, operation('/users/{userId}', 'PUT')).idempotent).toBeUndefined()
    for (const method of ['GET', 'DELETE'])
      expect(routeMetadataOf(said, operation('/all', method)).carried).toEqual({ cacheable: true, cacheTtl: '5m' })
    expect(routeMetadataOf(said, operation('/other')).carried).toEqual({})
  })

  test("the operation's x-farp says what the manifest does not", () => {
    const extensions = { 'x-farp': { timeout_hint: '9s', idempotent: false, sensitivity: 'pii' } }
    expect(routeMetadataOf(said, operation('/x', 'POST', { operationId: 'byId', extensions }))).toMatchObject({
      timeoutHint: 250,
      idempotent: false,
      carried: { cost: 3, sensitivity: 'pii' },
    })
  })

  test.each(['0s', '-1s', '5', 5, '48h', '1ns', 'soon'])('%s is no timeout', (timeout) => {
    expect(routeMetadataOf(manifest({ routes: [{ path: '/a', timeout_hint: timeout }] }), operation('/a')).timeoutHint).toBeUndefined()
  })
})

describe('hints', () => {
  const all: JsonObject = {
    recommended_timeout: '5s',
    retry_policy: {
      max_attempts: 4,
      initial_delay: '50ms',
      max_delay: '2s',
      multiplier: 2,
      retryable_status_codes: [502, 503, 200, 'x'],
      per_attempt_timeout: '1s',
    },
    circuit_breaker: { enabled: true, error_threshold_percent: 50, open_duration: '30s', half_open_requests: 3 },
    load_balancing: {
      strategy: 'least_connections',
      sticky_session: { enabled: true, cookie_name: 'sid', ttl: '1h' },
      health_check: { interval: '5s', timeout: '1s', unhealthy_threshold: 2, healthy_threshold: 1 },
    },
    graceful_shutdown: { drain_timeout: '10s' },
    cors: { allowed_origins: ['*'] },
    rate_limit: { requests_per_second: 5 },
    scaling: { auto_scale: false },
  }
  const read = (hints: JsonObject, kinds: readonly HintKind[] = HINT_KINDS): ReturnType<typeof readHints> =>
    readHints(manifest({ hints }), new Set(kinds))

  test('[R38] what would be too much for every route is not carried', () => {
    const long = 'x'.repeat(20_000)
    const { written, notApplied, timeout } = read({ recommended_timeout: '5s', cors: { allowed_origins: [long] } })
    expect([Object.keys(written), timeout]).toEqual([[], 5000])
    expect(notApplied.join()).toContain('not carried')
    const said = manifest({ routes: [{ path: '/a', cors: { allowed_origins: [long] }, cost: 3 }] })
    expect(routeMetadataOf(said, operation('/a')).carried).toEqual({ cost: 3 })
  })

  test('trusted kinds become settings', () => {
    expect(read(all)).toMatchObject({
      timeout: 5000,
      upstream: {
        retries: 3,
        retry: { backoff: 50, maxBackoff: 2000, perTryTimeout: 1000, statuses: [502, 503] },
        circuitBreaker: { timeout: 30_000, halfOpenRequests: 3 },
        loadBalance: 'least-requests',
        sticky: { cookie: 'sid', ttl: 3_600_000 },
        healthCheck: { path: '/health', interval: 5000, timeout: 1000, healthyThreshold: 1, unhealthyThreshold: 2 },
      },
      written: all,
    })
  })

  test('[F12.15.allow-list] what is not trusted, or has no counterpart, is named', () => {
    expect(read(all).notApplied).toEqual([
      'graceful_shutdown (no policy of this gateway)',
      'retry_policy.multiplier (no such setting)',
      'circuit_breaker.error_threshold_percent (no such setting)',
    ])
    const closed = read(all, [])
    expect([closed.timeout, closed.upstream]).toEqual([undefined, {}])
    for (const kind of HINT_KINDS) expect(closed.notApplied).toContain(`${kind} (not in farp.trust_hints)`)
  })

  test.each([
    ['round_robin', { loadBalance: 'round-robin' }],
    ['weighted_round_robin', { loadBalance: 'round-robin' }],
    ['random', { loadBalance: 'random' }],
    ['ip_hash', { loadBalance: 'ring-hash', hashOn: 'ip' }],
    ['consistent_hash', { loadBalance: 'ring-hash', hashOn: 'ip' }],
    ['toString', {}],
  ])('strategy %s', (strategy, settings) => {
    expect(read({ load_balancing: { strategy } }).upstream).toEqual(settings)
  })

  test('zeros of peers written in Go say nothing', () => {
    const zeros = {
      retry_policy: { max_attempts: 0, initial_delay: '', max_delay: '', multiplier: 0 },
      circuit_breaker: { enabled: false, open_duration: '1s' },
      load_balancing: { strategy: '', sticky_session: { enabled: false, cookie_name: '' } },
      dependencies: [],
    }
    expect(read(zeros)).toMatchObject({ timeout: undefined, upstream: {}, notApplied: [] })
  })

  test('[F12.15.headers] hostile values are bounded or left out', () => {
    const found = read({
      retry_policy: { max_attempts: 1e9 },
      circuit_breaker: { enabled: true, half_open_requests: 1e9 },
      load_balancing: {
        sticky_session: { enabled: true, cookie_name: 'a;b' },
        health_check: { interval: '1ms', unhealthy_threshold: 1e9 },
      },
    })
    expect(found.upstream).toEqual({
      retries: 10,
      circuitBreaker: { halfOpenRequests: 100 },
      healthCheck: { path: '/health', interval: 1000, unhealthyThreshold: 100 },
    })
    const elsewhere = { endpoints: { health: 'http://evil/' }, hints: { load_balancing: { health_check: { interval: '5s' } } } }
    expect(readHints(manifest(elsewhere), new Set(HINT_KINDS)).upstream).toEqual({})
    expect(read({ load_balancing: { sticky_session: { enabled: true, cookie_name: '__Host-sid' } } }).upstream).toEqual({})
  })
})
