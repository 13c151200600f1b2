import { describe, expect, test } from 'vitest'
import { createAdmin } from '../app.ts'
import { endpointAt, gatewayWith, routeFor, upstreamNamed } from '../gateway.fixture.ts'
import type { Parts } from '../gateway.fixture.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

async function read(path: string, parts: Parts): Promise<Record<string, unknown>> {
  const answer = await createAdmin(gatewayWith(parts)).fetch(new Request(`http://localhost/_/${path}`))
  expect(answer.headers.get('content-type')).toBe('application/json')
  return (await answer.json()) as Record<string, unknown>
}

function instance(id: string, over: Partial<ServiceInstance> = {}): ServiceInstance {
  return {
    id,
    service: 'users',
    host: '10.0.0.7',
    port: 8080,
    secure: false,
    ready: true,
    weight: 1,
    metadata: {},
    provider: 'static',
    ...over,
  }
}

test('/_/routes tells everything about a route, sorted, and who stands by', async () => {
  const winner = routeFor('/a', {
    id: 'farp:GET /a',
    source: 'farp',
    service: 'users',
    methods: ['GET'],
    lane: 'web',
    laneReason: 'cors',
    tags: ['x'],
  })
  const loser = routeFor('/a', { id: 'farp:GET /a#2', methods: ['GET'] })
  const body = await read('routes', {
    routes: [routeFor('/b'), routeFor('/a', { host: 'h.example' }), winner],
    standby: [{ route: loser, winner }],
  })
  const routes = body['routes'] as { id: string }[]
  expect(routes.map(({ id }) => id)).toEqual(['farp:GET /a', 'config:* */b', 'config:* */a'])
  expect(body['generation']).toBe(7)
  expect(routes[0]).toEqual({
    id: 'farp:GET /a',
    host: null,
    methods: ['GET'],
    path: '/a',
    upstream: 'users',
    split_on: null,
    targets: null,
    mirror: null,
    lane: 'web',
    lane_reason: 'cors',
    source: 'farp',
    service: 'users',
    priority: 50,
    timeout_ms: 30_000,
    connect_timeout_ms: 2000,
    idle_timeout_ms: 60_000,
    retries: 3,
    rewrite_rules: null,
    subset: null,
    tags: ['x'],
  })
  expect(body['standby']).toMatchObject([{ id: 'farp:GET /a#2', winner: 'farp:GET /a' }])
})

const PLAIN = { load_balance: 'round-robin', hash_on: null, sticky: null, slow_start_ms: null, panic_threshold: 0, zone: null }

test('/_/upstreams tells the state of every endpoint', async () => {
  const out = endpointAt('http://10.0.0.8:80', {
    state: 'out',
    reason: 'unhealthy',
    since: 1_000,
    outForMs: null,
    active: 2,
    failures: 3,
    check: { healthy: false, reason: 'status 503 of http://u:p@h/?token=t', since: 1_000 },
    zone: 'z',
    priority: 2,
    labels: { role: 'blue', token: 't' },
  })
  const body = await read('upstreams', {
    upstreams: [
      upstreamNamed('users', {
        balancing: {
          loadBalance: 'maglev',
          hashOn: 'uri',
          sticky: { cookie: 'at', ttl: null, path: '/' },
          slowStart: { window: 1_000, aggression: 1 },
          panicThreshold: 0,
          zone: 'z',
        },
        concurrency: { max: 8, active: 8, queued: 1, refused: 2, timedOut: 3 },
      }),
      upstreamNamed('inside', { handler: () => new Response() }),
    ],
    endpoints: { users: [out, endpointAt('http://10.0.0.7:80')] },
  })
  expect(body).toEqual({
    generation: 7,
    upstreams: [
      { name: 'inside', kind: 'function', host: 'preserve', balancing: PLAIN, concurrency: null, endpoints: [] },
      {
        name: 'users',
        kind: 'endpoints',
        host: 'preserve',
        balancing: { ...PLAIN, load_balance: 'maglev', hash_on: 'uri', sticky: 'at', slow_start_ms: 1000, zone: 'z' },
        concurrency: { max: 8, active: 8, queued: 1, refused: 2, timed_out: 3 },
        endpoints: [
          {
            id: 'http://10.0.0.7:80',
            origin: 'http://10.0.0.7:80',
            weight: 1,
            zone: null,
            priority: 0,
            labels: {},
            state: 'available',
            reason: null,
            since: null,
            out_for_ms: 0,
            active: 0,
            circuit: 'closed',
            failures: 0,
            cuts: 0,
            refusals: 0,
            ejections: 0,
            check: null,
          },
          {
            id: 'http://10.0.0.8:80',
            origin: 'http://10.0.0.8:80',
            weight: 1,
            zone: 'z',
            priority: 2,
            labels: { role: 'blue', token: '[redacted]' },
            state: 'out',
            reason: 'unhealthy',
            since: '1970-01-01T00:00:01.000Z',
            out_for_ms: null,
            active: 2,
            circuit: 'closed',
            failures: 3,
            cuts: 0,
            refusals: 0,
            ejections: 0,
            check: {
              healthy: false,
              reason: 'status 503 of http://[redacted]@h/?token=[redacted]',
              since: '1970-01-01T00:00:01.000Z',
            },
          },
        ],
      },
    ],
  })
})

describe('/_/services', () => {
  test('joins what sources and registries know about an instance', async () => {
    const body = await read('services', {
      services: [
        instance('users-2', { host: '::1', secure: true, ready: false }),
        instance('users-1', { metadata: { 'farp.token': 't', zone: 'eu' } }),
      ],
      sets: {
        farp: [
          {
            service: 'users',
            serviceVersion: '1.2.0',
            version: 'v',
            routes: [{ path: '/users', upstream: 'users' }],
            upstreams: {},
            documents: [{ kind: 'openapi', hash: 'abc' }],
            findings: [
              { code: 'FOREIGN_HOST', severity: 'error', message: 'http://u:p@other/ is refused', instance: 'users-1' },
              { code: 'CHECKSUM_MISMATCH', severity: 'warning', message: 'differs', pointer: '/checksum' },
            ],
            instances: [
              {
                id: 'users-1',
                origin: 'http://10.0.0.7:8080',
                status: 'serving',
                version: '1.2.0',
                weight: 2,
                manifest: 'ok',
                manifestUrl: 'http://10.0.0.7:8080/_farp/manifest?token=t',
                checksum: 'c',
              },
            ],
          },
        ],
      },
    })
    expect(body['services']).toEqual([
      {
        name: 'users',
        health: null,
        source: 'farp',
        version: '1.2.0',
        routes: 1,
        instances: [
          {
            id: 'users-1',
            origin: 'http://10.0.0.7:8080',
            status: 'serving',
            ready: true,
            version: '1.2.0',
            zone: null,
            weight: 2,
            provider: 'static',
            manifest: { state: 'ok', url: 'http://10.0.0.7:8080/_farp/manifest?token=[redacted]', checksum: 'c' },
            metadata: { 'farp.token': '[redacted]', zone: 'eu' },
          },
          {
            id: 'users-2',
            origin: 'https://[::1]:8080',
            status: null,
            ready: false,
            version: null,
            zone: null,
            weight: 1,
            provider: 'static',
            manifest: { state: 'none', url: null, checksum: null },
            metadata: {},
          },
        ],
        findings: [
          { code: 'CHECKSUM_MISMATCH', severity: 'warning', message: 'differs', instance: null, pointer: '/checksum' },
          {
            code: 'FOREIGN_HOST',
            severity: 'error',
            message: 'http://[redacted]@other/ is refused',
            instance: 'users-1',
            pointer: null,
          },
        ],
        documents: [{ kind: 'openapi', hash: 'abc' }],
      },
    ])
  })

  test('shows services that only a registry knows, and the providers with their age', async () => {
    const syncedAt = Date.now() - 5000
    const body = await read('services', {
      services: [instance('b', { service: 'b' }), instance('a', { service: 'a' })],
      providers: [
        { name: 'static', state: 'synced', instances: 2, syncedAt, error: null },
        { name: 'consul', state: 'starting', instances: 0, syncedAt: null, error: 'GET http://root:pw@consul refused' },
      ],
    })
    expect(body['services']).toMatchObject([
      { name: 'a', source: null, routes: 0, findings: [], documents: [] },
      { name: 'b', source: null },
    ])
    expect(body['providers']).toEqual([
      {
        name: 'consul',
        state: 'starting',
        instances: 0,
        synced_at: null,
        age_seconds: null,
        error: 'GET http://[redacted]@consul refused',
      },
      { name: 'static', state: 'synced', instances: 2, synced_at: new Date(syncedAt).toISOString(), age_seconds: 5, error: null },
    ])
  })
})
