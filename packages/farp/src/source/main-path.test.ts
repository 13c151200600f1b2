import { expect, test } from 'vitest'
import { openapiOf, startFarpService, startRawServer } from '@octopus-gateway/testing'
import { lines, record, recordOf, startFarp } from '../testing/harness.ts'

test('a service registers, its routes appear; it leaves, they go after the linger', async () => {
  await using users = await startFarpService({
    name: 'users',
    openapi: openapiOf('Users', ['GET /users', 'POST /users', 'GET /users/{id}']),
  })
  await using farp = startFarp()
  farp.discover([recordOf(users)])
  await farp.until('routes are there', () => farp.routes('users').length === 3)
  expect(farp.history).toHaveLength(1)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/users', 'GET /users/users/{id}', 'POST /users/users'])
  const set = farp.set('users')!
  expect(set.routes.find(({ path }) => path === '/users/users/{id}')).toMatchObject({
    upstream: 'users',
    priority: 50,
    rewrite: { stripPrefix: '/users' },
    meta: {
      schemaType: 'openapi',
      service: 'users',
      version: '1.0.0',
      operationId: 'getUsersId',
      upstreamPath: '/users/{id}',
      hash: set.documents![0]!.hash,
    },
  })
  expect(set.upstreams['users']?.endpoints).toEqual([
    {
      id: `users/users-${users.port}`,
      origin: users.origin,
      weight: 100,
      labels: {
        service: 'users',
        instance: `users-${users.port}`,
        version: '1.0.0',
        generation: expect.any(String) as string,
        role: 'primary',
      },
    },
  ])
  expect(set.instances).toMatchObject([
    { status: 'serving', manifest: 'ok', manifestUrl: users.manifestUrl, version: '1.0.0', weight: 100 },
  ])

  const { version } = set
  farp.discover([])
  await farp.until('the endpoint is gone', () => farp.origins('users').length === 0)
  expect(farp.routes('users')).toHaveLength(3)
  expect(farp.set('users')!.version).toBe(version)
  await farp.until('the routes are gone', () => farp.sets.length === 0)
})

test('an empty registry is an answer at once', async () => {
  await using farp = startFarp()
  farp.discover([])
  await farp.until('a list is there', () => farp.history.length === 1)
  expect(farp.sets).toEqual([])
})

test('the minimal manifest is accepted as it stands', async () => {
  const openapi = openapiOf('Users', ['GET /users'])
  await using service = await startFarpService({
    name: 'user-service',
    version: 'v1.2.3',
    openapi,
    manifest: {
      instance_id: undefined,
      endpoints: { health: '/health', metrics: '/metrics' },
      schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: 'http://user-service:8080/openapi.json' } }],
      capabilities: ['rest', 'websocket'],
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('routes are there', () => lines(farp.routes('user-service')).includes('GET /user-service/users'))
})

test('YAML, inline and gzip-free schemas make the same routes', async () => {
  await using yaml = await startFarpService({
    name: 'yaml',
    openapiText:
      'openapi: 3.1.0\ninfo: {title: Y, version: "1"}\npaths:\n  /things/{id}:\n    get: {responses: {200: {description: ok}}}\n',
  })
  await using inline = await startFarpService({
    name: 'inline',
    openapiStatus: 500,
    manifest: {
      schemas: [
        { type: 'openapi', spec_version: '3.1.0', location: { type: 'inline' }, inline_schema: openapiOf('I', ['GET /things/{id}']) },
      ],
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(yaml), recordOf(inline)])
  await farp.until('both are there', () => farp.sets.length === 2)
  expect(lines(farp.routes('yaml'))).toEqual(['GET /yaml/things/{id}'])
  expect(lines(farp.routes('inline'))).toEqual(['GET /inline/things/{id}'])
})

test('several instances pool; weights, statuses and leaving change endpoints, not the version', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using b = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp()
  const origins = (): readonly string[] => farp.origins('users')
  farp.discover([recordOf(a), recordOf(b)])
  await farp.until('both serve', () => origins().length === 2)
  const { version } = farp.set('users')!
  expect(farp.routes('users').every(({ subset }) => subset === undefined)).toBe(true)

  for (const status of ['draining', 'stopping', 'starting', 'unhealthy']) {
    b.update({ manifest: { instance: { address: `127.0.0.1:${b.port}`, status } } })
    await farp.until(`${status} gets nothing`, () => farp.set('users')!.instances!.some((instance) => instance.status === status))
    expect(origins()).toEqual([a.origin])
    expect(farp.set('users')!.version).toBe(version)
  }
  b.update({ manifest: { instance: { address: `127.0.0.1:${b.port}`, status: 'healthy', weight: 50 } } })
  await farp.until('it is back with its weight', () => farp.set('users')!.instances!.some(({ weight }) => weight === 50))
  expect(origins()).toHaveLength(2)
  farp.discover([recordOf(a), recordOf(b, { ready: false })])
  await farp.until("the registry's opinion counts", () => origins().length === 1)
  farp.discover([recordOf(a)])
  await farp.until('it is gone at once', () => farp.set('users')!.instances!.length === 1)
  expect(farp.set('users')!.version).toBe(version)
})

test('[R32] an instance that refuses connections is out at the next poll and comes back by itself', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using b = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp()
  farp.discover([recordOf(a), recordOf(b)])
  const count = (): number => farp.origins('users').length
  await farp.until('both serve', () => count() === 2)
  await b.stop()
  await farp.until('the dead one is out', () => count() === 1)
  expect(farp.set('users')!.instances!.find(({ id }) => id === `users-${b.port}`)?.status).toBe('unreachable')
  expect(farp.codes('users')).toContain('INSTANCE_UNREACHABLE')
  await b.start()
  await farp.until('it is back', () => count() === 2)
  expect(farp.codes('users')).not.toContain('INSTANCE_UNREACHABLE')
})

test('one slow answer is no reason to leave; three are', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp({ routeLinger: 0 }, { headersMs: 60 })
  farp.discover([recordOf(a)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  a.update({ delay: 3000 })
  await farp.until('the first miss is told', () => farp.codes('users').includes('MANIFEST_UNAVAILABLE'))
  expect(farp.set('users')!.instances![0]!.status).toBe('serving')
  await farp.until('the third takes it out', () => farp.set('users')!.instances![0]!.status === 'unreachable')
  expect(farp.routes('users')).toEqual([])
})

test('an error or a bad manifest from a known instance keeps the last good one', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp()
  farp.discover([recordOf(a)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  a.update({ manifestStatus: 500 })
  await farp.until('it is stale', () => farp.set('users')!.instances![0]!.manifest === 'stale')
  expect(farp.routes('users')).toHaveLength(1)
  a.update({ manifestStatus: 200, manifest: { checksum: '0'.repeat(64) } })
  await farp.until('the mismatch is told', () => farp.codes('users').includes('CHECKSUM_MISMATCH'))
  expect(farp.set('users')!.instances![0]).toMatchObject({ manifest: 'stale', status: 'serving' })
  a.update({ manifest: {} })
  await farp.until('it is good again', () => farp.set('users')!.instances![0]!.manifest === 'ok')
})

test('when nobody can be reached, operators still see the service after its routes went', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp()
  farp.discover([recordOf(a)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  await a.stop()
  await farp.until('there are no endpoints', () => farp.origins('users').length === 0)
  expect(farp.routes('users')).toHaveLength(1)
  await farp.until('the routes are gone', () => farp.routes('users').length === 0)
  expect(farp.set('users')).toMatchObject({ upstreams: {}, instances: [{ status: 'unreachable', manifest: 'stale' }] })
})

test('a service whose manifest cannot be had is routed from metadata alone', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']), manifestStatus: 503 })
  await using farp = startFarp()
  farp.discover([recordOf(a, { provider: 'consul', metadata: { farp_enabled: 'true', farp_openapi_path: '/openapi.json' } })])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  expect(farp.set('users')!.instances![0]!.manifest).toBe('fallback')
  expect(farp.codes('users')).toContain('METADATA_ONLY')
  a.update({ manifestStatus: 200 })
  await farp.until('the manifest takes over', () => farp.set('users')!.instances![0]!.manifest === 'ok')
})

test('the manifest inside the metadata serves when nothing else does', async () => {
  await using a = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']), manifestStatus: 404 })
  await using farp = startFarp()
  const manifest = JSON.stringify({ service_name: 'users', schemas: [{ type: 'openapi', location: { url: '/openapi.json' } }] })
  farp.discover([recordOf(a, { provider: 'etcd', metadata: { schema_manifest: manifest } })])
  await farp.until('it serves', () => farp.routes('users').length === 1)
})

test('records that do not speak FARP make no set; silent ones are shown', async () => {
  await using plain = await startFarpService({ name: 'plain', manifestStatus: 404 })
  await using registered = await startFarpService({ name: 'registered' })
  await using farp = startFarp()
  farp.discover([recordOf(plain), recordOf(registered, { provider: 'consul' }), record('dead', 1)])
  await farp.until('a list is there', () => farp.history.length === 1)
  expect(farp.sets.map(({ service }) => service)).toEqual(['dead'])
  expect(farp.codes('dead')).toEqual(['INSTANCE_UNREACHABLE', 'MANIFEST_UNAVAILABLE'])
  expect(registered.counts.manifest).toBe(0)
})

test('[F12.6.serving] a hanging instance delays the first list by one fetch at most, and nobody else after that', async () => {
  await using hanging = await startFarpService({ name: 'hanging', delay: 60_000 })
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp({}, { headersMs: 250, totalMs: 400 })
  const start = performance.now()
  farp.discover([recordOf(hanging), recordOf(users)])
  await farp.until('the list is there', () => farp.routes('users').length === 1)
  expect(performance.now() - start).toBeLessThan(10_000)
  users.update({ openapi: openapiOf('Users', ['GET /users', 'GET /more']) })
  const change = performance.now()
  await farp.until('changes pass', () => farp.routes('users').length === 2)
  expect(performance.now() - change).toBeLessThan(10_000)
})

test('the end comes promptly, also while fetches hang', async () => {
  await using hanging = await startRawServer(() => {})
  await using farp = startFarp({}, { headersMs: 30_000, totalMs: 30_000 })
  farp.discover([record('hanging', hanging.port)])
  await expect.poll(() => hanging.connections.open).toBe(1)
  const start = performance.now()
  await farp.stop()
  expect(performance.now() - start).toBeLessThan(5000)
  expect(farp.logged).toEqual([])
  await expect.poll(() => hanging.connections.open).toBe(0)
})
