import { expect, test } from 'vitest'
import { createGateway } from '@octopus-gateway/core'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { lines, recordOf, startFarp } from '../testing/harness.ts'

test('route_table is preferred to the schemas, which still are documents', async () => {
  await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people', 'GET /secret']) })
  service.update({
    manifest: {
      route_table: [
        { path: '/people', methods: ['GET'], timeout: '2s', operation_id: 'people' },
        { path: '/live', protocol: 'websocket' },
        { path: '/openapi.json' },
      ],
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/live', 'GET /users/people'])
  expect(farp.routes('users')[0]).toMatchObject({
    timeoutHint: 2000,
    meta: { schemaType: 'openapi', protocol: 'rest', operationId: 'people' },
  })
  expect(farp.routes('users')[1]).toMatchObject({ meta: { schemaType: 'asyncapi', protocol: 'websocket' } })
  expect(farp.set('users')?.documents?.map(({ kind }) => kind)).toEqual(['openapi'])
  expect(farp.codes('users')).not.toContain('NOT_SUPPORTED_YET')

  // A change of the table alone is a change of routes.
  const before = farp.set('users')!.version
  service.update({ manifest: { route_table: [{ path: '/people', timeout: '3s' }] } })
  await farp.until('the table changed', () => farp.routes('users')[0]?.timeoutHint === 3000)
  expect(farp.set('users')!.version).not.toBe(before)
})

test('hints of trusted kinds are settings of upstreams and routes; the gateway takes them', async () => {
  const hints = {
    recommended_timeout: '5s',
    retry_policy: { max_attempts: 2 },
    load_balancing: { strategy: 'ip_hash', health_check: { interval: '30s' } },
    circuit_breaker: { enabled: true, open_duration: '7s' },
    cors: { allowed_origins: ['*'] },
  }
  await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']), manifest: { hints } })
  await using farp = startFarp({ trustHints: ['timeout', 'retry', 'load_balancing', 'health_check', 'circuit_breaker'] })
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  const set = farp.set('users')!
  expect(set.upstreams['users']).toMatchObject({ retries: 1, loadBalance: 'ring-hash', circuitBreaker: { timeout: 7000 } })
  expect(set.routes[0]).toMatchObject({ timeoutHint: 5000, meta: { hints } })
  expect(farp.findings('users').find(({ code }) => code === 'HINT_NOT_APPLIED')?.message).toContain('cors')
  // The gateway's own judgement of the set.
  const { watch, ...rest } = farp.source
  void watch
  await using gateway = await createGateway({
    routes: [],
    sources: [
      {
        ...rest,
        async *watch() {
          yield [set]
        },
      },
    ],
  })
  await expect.poll(() => gateway.snapshot.routes.map(({ timeout, path }) => `${path} ${timeout}`)).toEqual(['/users/people 5000'])
})

test('[F12.15.allow-list] without trust, hints are carried and nothing else', async () => {
  const manifest = {
    hints: { recommended_timeout: '5s', retry_policy: { max_attempts: 2 } },
    routes: [{ path: '/people', idempotent: true }],
  }
  await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['POST /people']), manifest })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  const [route] = farp.routes('users')
  expect(route).not.toHaveProperty('timeoutHint')
  expect(route).not.toHaveProperty('idempotent')
  expect(route!.meta).toMatchObject({ farp: { idempotent: true }, hints: manifest.hints })
  expect(Object.keys(farp.set('users')!.upstreams['users']!)).toEqual(['endpoints'])
})
