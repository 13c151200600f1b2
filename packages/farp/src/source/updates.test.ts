import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { schemaHash } from '../schemas/canonical.ts'
import { lines, record, recordOf, startFarp } from '../testing/harness.ts'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '@octopus-gateway/core'
import type { FarpService } from '@octopus-gateway/testing'

const operations = (...texts: string[]): ReturnType<typeof openapiOf> => openapiOf('Users', texts)

test('a changed schema changes routes and is counted; the same schema again is not', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a', 'GET /b') })
  await using farp = startFarp()
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 2)
  const { version } = farp.set('users')!
  users.update({ openapi: operations('GET /a', 'GET /c') })
  await farp.until('the change is there', () => lines(farp.routes('users')).includes('GET /users/c'))
  expect(lines(farp.routes('users'))).toEqual(['GET /users/a', 'GET /users/c'])
  expect(farp.set('users')!.version).not.toBe(version)
  expect(farp.schemaUpdates).toEqual(['users'])
  await farp.until('its contract was judged', () => farp.codes('users').includes('CONTRACT_CHANGED'))
  expect(farp.verdicts).toEqual(['users breaking'])
  const yielded = farp.history.length
  const polls = users.counts.manifest
  await expect.poll(() => users.counts.manifest).toBeGreaterThan(polls + 3)
  expect(farp.history).toHaveLength(yielded)
})

test('routing alone can change', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
  await using farp = startFarp()
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  users.update({ manifest: { routing: { strategy: 'custom', base_path: '/api/', priority: 70, tags: ['public'], strip_prefix: false } } })
  await farp.until('it moved', () => lines(farp.routes('users')).includes('GET /api/a'))
  expect(farp.routes('users')[0]).toMatchObject({ priority: 70, tags: ['public'], upstream: 'users', meta: { upstreamPath: '/api/a' } })
  expect(farp.routes('users')[0]!.rewrite).toBeUndefined()
  expect(farp.schemaUpdates).toEqual([])
})

test('[R32] during a rolling change everything that any instance serves stays, at the instances that serve it', async () => {
  await using old = await startFarpService({ name: 'users', version: '1.0.0', openapi: operations('GET /both', 'GET /old') })
  await using fresh = await startFarpService({ name: 'users', version: '1.1.0', openapi: operations('GET /both', 'GET /new') })
  await using farp = startFarp()
  farp.discover([recordOf(old)])
  await farp.until('the old one serves', () => farp.routes('users').length === 2)
  expect(farp.routes('users').every(({ subset }) => subset === undefined)).toBe(true)
  farp.discover([recordOf(old), recordOf(fresh)])
  await farp.until('all three are there', () => farp.routes('users').length === 3)
  const byPath = new Map(farp.routes('users').map((route) => [route.path, route]))
  const endpoints = farp.set('users')!.upstreams['users']!.endpoints as readonly Endpoint[]
  const generation = (service: FarpService): string => endpoints.find(({ origin }) => origin === service.origin)!.labels['generation']!
  expect(byPath.get('/users/both')!.subset).toBeUndefined()
  expect(byPath.get('/users/old')!.subset).toEqual({ generation: [generation(old)] })
  expect(byPath.get('/users/new')!.subset).toEqual({ generation: [generation(fresh)] })
  expect(farp.set('users')!.serviceVersion).toBe('1.1.0')
  expect(farp.codes('users')).toContain('GENERATIONS_DIFFER')
  // No list of the whole change lacks the shared route.
  for (const sets of farp.history) expect(sets[0]!.routes.some(({ path }) => path === '/users/both')).toBe(true)
  farp.discover([recordOf(fresh)])
  await farp.until('the old route went with its instance', () => farp.routes('users').length === 2)
  expect(farp.routes('users').every(({ subset }) => subset === undefined)).toBe(true)
})

test('one document per service: the newest that half of the instances run', async () => {
  const make = (version: string, path: string): Promise<FarpService> =>
    startFarpService({ name: 'users', version, openapi: operations(`GET ${path}`) })
  await using a = await make('1.0.0', '/old')
  await using b = await make('1.0.0', '/old')
  await using c = await make('1.10.0', '/new')
  await using farp = startFarp()
  farp.discover([recordOf(a), recordOf(b), recordOf(c)])
  await farp.until('all serve', () => farp.routes('users').length === 2)
  expect(farp.set('users')!.documents).toEqual([{ kind: 'openapi', hash: schemaHash(a.state.openapi) }])
  farp.discover([recordOf(a), recordOf(c)])
  await farp.until('the newest speaks', () => farp.set('users')!.documents?.[0]?.hash === schemaHash(c.state.openapi))
  expect(await farp.source.document!(schemaHash(c.state.openapi))).toEqual(c.state.openapi)
  expect(await farp.source.document!('0'.repeat(64))).toBeUndefined()
})

test('a schema with a right hash is fetched once for all instances; without a hash its tag is asked', async () => {
  const openapi = operations('GET /a')
  const manifest = (origin: string, hash?: string): Record<string, unknown> => ({
    schemas: [
      {
        type: 'openapi',
        spec_version: '3.1.0',
        content_type: 'application/json',
        location: { type: 'http', url: `${origin}/openapi.json` },
        ...(hash === undefined ? {} : { hash }),
      },
    ],
  })
  await using a = await startFarpService({ name: 'users', openapi })
  await using b = await startFarpService({ name: 'users', openapi })
  for (const service of [a, b]) service.update({ manifest: manifest(service.origin, schemaHash(openapi)) })
  await using farp = startFarp()
  farp.discover([recordOf(a)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  farp.discover([recordOf(a), recordOf(b)])
  await farp.until('both serve', () => farp.origins('users').length === 2)
  await expect.poll(() => b.counts.manifest).toBeGreaterThan(2)
  expect([a.counts.openapi, b.counts.openapi]).toEqual([1, 0])
  a.update({ manifest: manifest(a.origin) })
  await expect.poll(() => a.counts.openapi).toBeGreaterThan(2)
})

test('[F12.12.keeps] a wrong hash: told, not used, or nobody cares', async () => {
  const wrong = 'f'.repeat(64)
  for (const [policy, routes, severity] of [
    ['warn', 1, 'warning'],
    ['enforce', 0, 'error'],
    ['off', 1, undefined],
  ] as const) {
    await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
    users.update({ manifest: { schemas: [{ type: 'openapi', hash: wrong, location: { type: 'http', url: users.openapiUrl } }] } })
    await using farp = startFarp({ hashVerification: policy })
    farp.discover([recordOf(users)])
    await farp.until(policy, () => farp.set('users') !== undefined)
    expect(farp.routes('users'), policy).toHaveLength(routes)
    expect(farp.findings('users').find(({ code }) => code === 'HASH_MISMATCH')?.severity, policy).toBe(severity)
  }
})

test('[R38] who serves the same document in another order first does not make the hash of another service wrong', async () => {
  const document = { openapi: '3.1.0', info: { title: 'Users', version: '1' }, paths: { '/a': { get: {} } } }
  const { paths, info, openapi } = document
  const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  await using evil = await startFarpService({ name: 'evil', openapi: operations('GET /a') })
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
  const serve = (service: FarpService, text: string): void =>
    service.update({
      openapiText: text,
      manifest: { schemas: [{ type: 'openapi', hash, location: { type: 'http', url: service.openapiUrl } }] },
    })
  serve(evil, JSON.stringify({ paths, info, openapi }, null, 2))
  serve(users, JSON.stringify(document, null, 2))
  await using farp = startFarp()
  farp.discover([recordOf(evil)])
  await farp.until('the first is judged', () => farp.codes('evil').includes('HASH_MISMATCH'))
  farp.discover([recordOf(evil), recordOf(users)])
  await farp.until('the second serves', () => farp.routes('users').length === 1)
  expect(farp.codes('users')).not.toContain('HASH_MISMATCH')
})

test('a schema that breaks or cannot be had keeps the last good one, and says so when it gets old', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
  await using farp = startFarp({ schemaCacheTtl: 300 })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  users.update({ openapiText: '{"openapi": "2.0", broken' })
  await farp.until('the break is told', () => farp.codes('users').includes('SCHEMA_INVALID'))
  expect(farp.routes('users')).toHaveLength(1)
  await farp.until('it got old', () => farp.codes('users').includes('SCHEMA_STALE'))
  expect(farp.routes('users')).toHaveLength(1)
})

test('the places of 3.2 are tried in order', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
  users.update({
    manifest: {
      schemas: [{ type: 'openapi', location: { type: 'http', url: `${users.origin}/moved.json` } }],
      endpoints: { health: '/health', openapi: '/openapi.json' },
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  expect(farp.findings('users').find(({ code }) => code === 'SCHEMA_FALLBACK')?.message).toContain('endpoints.openapi')
})

test('[F12.14.bucket] a repaired service under flood is taken over when the minute allows', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /0') })
  await using farp = startFarp({}, { updatesPerMinute: 2 })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  for (let n = 1; n <= 2; n++) {
    users.update({ openapi: operations(`GET /${n}`) })
    await farp.until(`change ${n}`, () => lines(farp.routes('users')).includes(`GET /users/${n}`))
  }
  users.update({ openapi: operations('GET /3') })
  await farp.until('[R38] the flood is held', () => farp.codes('users').includes('UPDATE_FLOOD'))
  expect(lines(farp.routes('users'))).toEqual(['GET /users/2'])
})

test('[F12.14.debounce] changes that come together are one update', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
  const coalesceMs = 400
  await using farp = startFarp({ watchInterval: '1h' }, { coalesceMs })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  const yielded = farp.history.length
  const start = performance.now()
  for (let weight = 1; weight <= 20; weight++) {
    farp.discover([recordOf(users, { weight })])
    // Each is seen by itself.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await farp.until('the last one counts', () => farp.set('users')!.instances![0]!.weight === 2_000)
  expect(farp.history.length - yielded).toBeLessThanOrEqual(1 + Math.floor((performance.now() - start) / coalesceMs))
})

test('a mismatch stays told while the document does not change, also when the service answers 304', async () => {
  let asked = 0
  let confirmed = 0
  const body = JSON.stringify(operations('GET /a'))
  const server = createServer((request, response) => {
    if (request.url === '/_farp/manifest') {
      const location = { type: 'http', url: '/openapi.json' }
      response.end(JSON.stringify({ service_name: 'users', schemas: [{ type: 'openapi', hash: 'f'.repeat(64), location }] }))
      return
    }
    asked++
    if (request.headers['if-none-match'] === '"1"') {
      confirmed++
      response.writeHead(304).end()
    } else response.writeHead(200, { etag: '"1"' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await using farp = startFarp()
  farp.discover([record('users', (server.address() as AddressInfo).port)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  await expect.poll(() => confirmed).toBeGreaterThan(2)
  expect(asked).toBe(confirmed + 1)
  expect(farp.history.every((sets) => sets[0]!.findings!.some(({ code }) => code === 'HASH_MISMATCH'))).toBe(true)
  await farp.stop()
  await new Promise((resolve) => server.close(resolve))
})

test('strict mode applies the rules of the Go library, to any 1.x manifest', async () => {
  await using users = await startFarpService({ name: 'users', openapi: operations('GET /a') })
  await using farp = startFarp({ strict: true })
  farp.discover([recordOf(users)])
  await farp.until('it is refused', () => farp.codes('users').includes('VALIDATION'))
  expect(farp.routes('users')).toEqual([])
  const location = { type: 'http', url: users.openapiUrl }
  const schema = {
    type: 'openapi',
    spec_version: '3.1.0',
    content_type: 'application/json',
    hash: schemaHash(users.state.openapi),
    location,
  }
  users.update({ manifest: { version: '1.3.1', schemas: [schema] } })
  await farp.until('it is accepted', () => farp.routes('users').length === 1)
})
