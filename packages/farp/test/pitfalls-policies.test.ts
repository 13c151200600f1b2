import { auth } from '@octopus-gateway/core/plugins'
import { createAdmin } from '@octopus-gateway/admin'
import { expect, test } from 'vitest'
import { forgeInstance, startPushGateway } from './support/pushing.ts'
import { manifestChecksum, schemaHash } from '@octopus-gateway/farp-digest'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { record, recordOf } from '../src/testing/harness.ts'
import { startBystander, startSite } from './support/site.ts'
import { startOne, startRunning } from './support/running.ts'
import { TokenProvider, who } from '../../core/test/support/auth.ts'

// Section 12 of the protocol, as far as it concerns what services may decide; see pitfalls.test.ts for where the gateway goes, pitfalls-network.test.ts for how it waits.

const openapi = openapiOf('Users', ['GET /users'])

test('[F12.13.secret] the secret of a webhook is in no view, no document and no line of the log', async () => {
  const secret = 'the-secret-of-the-manifest'
  const users = await startOne({ name: 'users', openapi, manifest: { webhook: { secret, publish_events: ['schema.updated'] } } })
  const running = await startRunning({
    registries: { static: [recordOf(users)] },
    farp: { webhooks: { receive: true, send: true, poll: true } },
  })
  expect(await running.status('/users/users')).toBe(200)
  const paths = [
    '/_/services',
    '/_/services/users',
    '/_/routes',
    '/_farp/federated/openapi.json',
    '/_farp/federated/summary',
    '/_farp/contracts',
  ]
  const shown = await Promise.all(paths.map(async (path) => (await fetch(running.adminUrl + path)).text()))
  const traffic = await (await running.get('/users/_farp/manifest')).text()
  expect(
    JSON.stringify([shown, traffic, running.logged, [...running.gateway.snapshot.sets], running.gateway.snapshot.routes]),
  ).not.toContain(secret)
})

test('[F12.14.rebuilds] a storm of changes of many services is answered with few generations, and the last word counts', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `s${index}`)
  const services = await Promise.all(names.map((name) => startOne({ name, openapi })))
  const running = await startRunning({
    registries: { static: services.map((service) => recordOf(service)) },
    farp: { watchInterval: '20ms' },
  })
  const before = running.gateway.snapshot.generation
  let changes = 0
  for (let round = 1; round <= 4; round++) {
    for (const [index, service] of services.entries()) {
      const looks = service.counts.openapi
      service.update({ openapi: openapiOf('S', [`GET /v${round}`]) })
      if (index === 0) await waitFor(() => service.counts.openapi > looks + 1)
      changes++
    }
  }
  await waitFor(async () => (await Promise.all(names.map((name) => running.status(`/${name}/v4`)))).every((status) => status === 200))
  const generations = running.gateway.snapshot.generation - before
  expect(generations).toBeGreaterThan(0)
  expect(generations).toBeLessThan(changes * 0.75)
})

test('[F12.15.cors] [F12.15.cache] [F12.15.headers] [F12.15.allow-list] hints and route_table give answers no fields', async () => {
  const hints = {
    cors: { allowed_origins: ['*'], allow_credentials: true, allowed_headers: ['*'] },
    cache: { enabled: true, default_ttl: '1h', shared: true },
    transformations: { response_headers: { add: { 'x-injected': 'a\r\nset-cookie: evil=1', 'set-cookie': 'evil=1' } } },
    rate_limit: { requests_per_second: 1 },
    load_balancing: { sticky_session: { enabled: true, cookie_name: 'evil; Domain=example.com', ttl: '1h' } },
  }
  const entry = {
    methods: ['GET'],
    protocol: 'rest',
    cors: hints.cors,
    cache: { ttl: '1h' },
    metadata: { cacheable: true, cache_ttl: '1h' },
  }
  const service = await startSite((path) => {
    const manifest = { version: '1.1.0', service_name: 'users', schemas: [], hints, route_table: [{ ...entry, path: '/users' }] }
    if (path === '/_farp/manifest') return { body: manifest }
    return path === '/users' ? { headers: { 'cache-control': 'private', 'x-own': '1' }, body: {} } : undefined
  })
  const trusting = ['timeout', 'retry', 'circuit_breaker', 'load_balancing', 'health_check'] as const
  for (const trustHints of [[], trusting]) {
    const running = await startRunning({ registries: { static: [record('users', service.port)] }, farp: { trustHints } })
    for (let n = 0; n < 3; n++) {
      const before = service.count
      const answer = await running.get('/users/users', { authorization: 'Bearer x', origin: 'https://evil.example' })
      const fields = [...answer.headers.keys()]
      expect(answer.status).toBe(200)
      expect(answer.headers.get('cache-control')).toBe('private')
      expect(fields.filter((name) => name.startsWith('access-control-') || ['x-injected', 'set-cookie', 'age'].includes(name))).toEqual([])
      // Each comes from the service: nothing is kept for others.
      expect(service.requests.slice(before).some(({ url }) => url === '/users')).toBe(true)
    }
    const told = running.set('users')!.findings!.filter(({ code }) => code === 'HINT_NOT_APPLIED')
    for (const name of ['cors', 'cache', 'transformations', 'rate_limit']) expect(JSON.stringify(told)).toContain(name)
  }
})

test('[F12.16.relaxation] [F12.16.absent] auth that a manifest takes back holds on, and where there was none the policy of the gateway counts', async () => {
  const policy = (required: boolean) =>
    auth({ providers: [new TokenProvider('main', { ann: who('ann', { roles: ['admin'] }), bob: who('bob') })], required })
  const strict = { auth: { schemes: [{ type: 'bearer' }], access_control: [{ path: '/**', methods: [], roles: ['admin'] }] } }
  const users = await startOne({ name: 'users', openapi, manifest: strict })
  const plain = await startOne({ name: 'plain', openapi })
  const running = await startRunning({ registries: { static: [recordOf(users), recordOf(plain)] }, plugins: [policy(false)] })
  const seen = async (path: string): Promise<number[]> => [
    await running.status(path),
    await running.status(path, { authorization: 'Bearer bob' }),
    await running.status(path, { authorization: 'Bearer ann' }),
  ]
  expect(await seen('/users/users')).toEqual([401, 403, 200])
  for (const manifest of [
    {},
    { auth: null },
    { auth: { schemes: [] } },
    { auth: { ...strict.auth, public_routes: ['/**'] } },
    { auth: { ...strict.auth, access_control: [] } },
  ]) {
    const looks = users.counts.manifest
    users.update({ manifest: manifest as Record<string, unknown> })
    await waitFor(() => users.counts.manifest > looks + 1 && running.codes('users').includes('AUTH_RELAXATION'))
    expect(await seen('/users/users'), JSON.stringify(manifest)).toEqual([401, 403, 200])
  }
  const closed = await startRunning({ registries: { static: [recordOf(plain)] }, plugins: [policy(true)] })
  expect(await closed.status('/plain/users')).toBe(401)
})

test('[F12.17.tags] [F12.17.merged] what tags and path rules leave out is in no document either, nor is who stays out', async () => {
  const document = {
    ...openapiOf('U', ['GET /open', 'GET /internal/x']),
    paths: {
      ...openapiOf('U', ['GET /open', 'GET /internal/x']).paths,
      '/tagged': { get: { tags: ['internal'], responses: { 200: { description: 'ok' } } } },
    },
  }
  const users = await startOne({
    name: 'users',
    openapi: document,
    manifest: { routing: { strategy: 'service', path_rules: [{ pattern: '/internal/**', action: 'exclude' }] } },
  })
  const secret = await startOne({ name: 'secret', openapi: openapiOf('S', ['GET /hidden']) })
  const metadata = { openapi: { composition: { include_in_merged: false } } }
  secret.update({
    manifest: { schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: secret.openapiUrl }, metadata }] },
  })
  const running = await startRunning({ registries: { static: [recordOf(users), recordOf(secret)] }, farp: { excludeTags: ['internal'] } })
  expect(Object.keys((await running.admin('/_farp/federated/openapi.json'))['paths'] as object)).toEqual(['/users/open'])
  expect(await running.status('/secret/hidden')).toBe(200)
  for (const path of ['/users/tagged', '/users/internal/x']) expect(await running.status(path)).toBe(404)
})

test('[F12.17.protected] documents and lists of services are not at the port of the traffic, and elsewhere behind the credential', async () => {
  const users = await startOne({ name: 'users', openapi })
  const running = await startRunning({ registries: { static: [recordOf(users)] } })
  for (const path of [
    '/_farp/federated/openapi.json',
    '/_farp/federated/summary',
    '/_/services',
    '/_/routes',
    '/_farp/v1/services',
    '/_/openapi.json',
  ])
    expect(await running.status(path), path).toBe(404)
  const passwordHash = '$2b$04$wDdv48wYzbvOIbk2SuLYgePTqMAqXg0O5jjWbjIWeEXmjWcfC0zAq'
  const admin = createAdmin(running.gateway, { auth: { username: 'admin', passwordHash } })
  for (const path of ['/_farp/federated/openapi.json', '/_farp/federated/summary', '/_/services', '/_/openapi.json'])
    expect((await admin.fetch(new Request(`http://localhost${path}`))).status, path).toBe(401)
})

test('[F12.18.paths] files and certificates that a manifest names are not opened, and nothing is shown to who asks for one', async () => {
  const missing = '/nowhere/at/all.pem'
  const mtls = { type: 'mtls', config: { ca_cert: missing, client_cert: missing, client_key: missing, verify_client: true } }
  const users = await startOne({
    name: 'users',
    openapi,
    manifest: {
      auth: { schemes: [mtls] },
      tls: { client_cert: missing, client_key: missing, ca_cert: missing, insecure_skip_verify: true },
      schemas: [
        { type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: 'file:///etc/hostname' } },
        { type: 'asyncapi', spec_version: '3.0.0', location: { type: 'http', url: missing } },
      ],
    },
  })
  const running = await startRunning({ registries: { static: [recordOf(users)] } })
  const text = JSON.stringify([running.set('users'), running.logged])
  expect(text).not.toContain('ENOENT')
  expect(running.codes('users')).toContain('ADDRESS_BLOCKED')
  // A path is one of the service's own, never one of this machine.
  expect(users.counts.notFound).toBeGreaterThan(0)
  expect(await running.status('/users/users')).toBe(200)
})

test('[F12.19.labels] services that come under ever new names leave no series behind', async () => {
  const one = await startOne({ name: 'steady', openapi })
  const running = await startRunning({ registries: { static: [recordOf(one)] }, farp: { routeLinger: '0s' } })
  const series = async (): Promise<string[]> =>
    (await (await fetch(`${running.adminUrl}/metrics`)).text()).split('\n').filter((line) => line.includes('wave-'))
  for (let wave = 0; wave < 5; wave++) {
    const names = Array.from({ length: 6 }, (_, index) => `wave-${wave}-${index}`)
    running.announce([recordOf(one), ...names.map((name) => record(name, one.port, { metadata: { 'farp.enabled': 'true' } }))])
    await waitFor(() => running.set(names[0]!) !== undefined)
  }
  running.announce([recordOf(one)])
  await waitFor(() => running.gateway.snapshot.sets.get('farp')!.length === 1)
  expect(await series()).toEqual([])
})

test('[F12.20.override] what mDNS says replaces no registration of another registry', async () => {
  const real = await startOne({ name: 'users', openapi, instanceId: 'users-1' })
  const fake = await startBystander()
  const spoofed = record('users', fake.port, { id: 'users-1', metadata: { 'farp.enabled': 'true' } })
  const trusted = recordOf(real, { id: 'users-1', metadata: { 'farp.enabled': 'true' } })
  // Whatever order the operator wrote them in.
  const running = await startRunning({ registries: { mdns: [spoofed], consul: [trusted] } })
  for (let n = 0; n < 4; n++) expect(await running.json('/users/users')).toMatchObject({ instance: 'users-1' })
  // Nor is it an instance beside the real one. The other service shows that the whole list has arrived.
  const metadata = { 'farp.enabled': 'true' }
  const other = await startOne({ name: 'other', openapi })
  running.announce([record('users', fake.port, { id: 'another', metadata }), recordOf(other, { metadata })], 'mdns')
  await waitFor(async () => (await running.status('/other/users')) === 200)
  expect(running.instances('users')).toHaveLength(1)
  for (let n = 0; n < 4; n++) expect(await running.json('/users/users')).toMatchObject({ instance: 'users-1' })
  expect(fake.requests).toEqual([])
})

test('[F12.20.override] nor does it replace who registered itself, and what it said before is over then', async () => {
  const real = await startOne({ name: 'users', openapi, instanceId: 'users-1' })
  const fake = await startOne({ name: 'users', openapi, instanceId: 'users-1', version: '9.9.9' })
  const metadata = { 'farp.enabled': 'true' }
  const token = 'a-token-of-this-test'
  const running = await startRunning({
    registries: { mdns: [record('users', fake.port, { id: 'users-1', metadata })] },
    farp: { push: { enabled: true, tokens: [token] } },
  })
  expect(running.instances('users')).toMatchObject([{ origin: fake.origin }])
  const answer = await fetch(`${running.adminUrl}/_farp/v1/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(forgeInstance(real)),
  })
  expect(answer.status).toBe(201)
  await waitFor(() => running.instances('users').every(({ origin }) => origin === real.origin))
  const before = fake.counts.operations
  for (let n = 0; n < 4; n++) expect(await running.status('/users/users')).toBe(200)
  expect(fake.counts.operations).toBe(before)
  expect(running.instances('users')).toHaveLength(1)
})

test('[F12.audit.instances] [F12.audit.refusals] the log tells who came, changed and went, and once what was refused', async () => {
  const hash = schemaHash(openapi)
  const users = await startOne({ name: 'users', version: '1.2.3', openapi })
  const declare = (declared: string): Record<string, unknown> => ({
    schemas: [{ type: 'openapi', spec_version: '3.1.0', hash: declared, location: { type: 'http', url: users.openapiUrl } }],
    checksum: manifestChecksum([{ type: 'openapi', hash: declared }]),
  })
  users.update({ manifest: declare(hash) })
  const running = await startRunning({ registries: { consul: [] }, farp: { probe: true, hashVerification: 'enforce', routeLinger: '0s' } })
  const lines = (message: string, more: object = {}): object[] =>
    running.logged.filter((line) => line.message === message && Object.entries(more).every(([name, value]) => line.fields[name] === value))
  const who = { service: 'users', instance: users.instanceId, version: '1.2.3', schemas: 1 }
  running.announce([recordOf(users)])
  await waitFor(() => lines('a FARP instance is known', { ...who, checksum: manifestChecksum([{ type: 'openapi', hash }]) }).length === 1)
  users.update({ openapi: openapiOf('Users', ['GET /other']), manifest: declare('f'.repeat(64)) })
  await waitFor(() => lines('a FARP finding', { service: 'users', code: 'HASH_MISMATCH' }).length === 1)
  users.update({ openapi, manifest: { ...declare(hash), service_version: '1.3.0' } })
  await waitFor(() => lines('a FARP instance has changed', { ...who, version: '1.3.0' }).length === 1)
  const refused: readonly [string, Record<string, unknown>][] = [
    ['MOUNT_REFUSED', { routing: { strategy: 'root' } }],
    ['MOUNT_REFUSED', { routing: { strategy: 'custom', base_path: '/_farp' } }],
    ['CHECKSUM_MISMATCH', { checksum: 'a'.repeat(64) }],
  ]
  for (const [code, manifest] of refused) {
    users.update({ manifest: { ...declare(hash), ...manifest } })
    await waitFor(() => running.codes('users').includes(code))
  }
  // Told when it begins, not at every look.
  for (const code of ['MOUNT_REFUSED', 'CHECKSUM_MISMATCH']) expect(lines('a FARP finding', { service: 'users', code })).toHaveLength(1)
  running.announce([])
  await waitFor(() => lines('a FARP instance is gone', { service: 'users', instance: users.instanceId }).length === 1)
  // Two who want the same path.
  const routing = { strategy: 'custom', base_path: '/same' }
  const [one, two] = await Promise.all(['one', 'two'].map((name) => startOne({ name, openapi, manifest: { routing } })))
  running.announce([recordOf(one!), recordOf(two!)])
  await waitFor(() => lines('routes conflict').length === 1)
})

test('[F12.21.future] a manifest from the future blocks no later one, and is no newer than others', async () => {
  const users = await startOne({ name: 'users', openapi, manifest: { updated_at: 32_503_680_000 } })
  const running = await startRunning({ registries: { static: [recordOf(users)] } })
  expect(await running.status('/users/users')).toBe(200)
  for (const updated of [0, -1, 1_700_000_000, 9e15]) {
    const path = `/at-${Math.abs(updated)}`
    users.update({ openapi: openapiOf('Users', [`GET ${path}`]), manifest: { updated_at: updated } })
    await waitFor(async () => (await running.status(`/users${path}`)) === 200)
  }
  // The same by push.
  await using gateway = await startPushGateway()
  const pushed = async (updated: number, path: string): Promise<number> => {
    const document = openapiOf('Users', [`GET ${path}`])
    const schemas = [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'inline' }, inline_schema: document }]
    users.update({ openapi: document, manifest: { updated_at: updated, schemas } })
    const manifest = (await (await fetch(users.manifestUrl)).json()) as object
    await gateway.call('POST', 'register', { ...forgeInstance(users), manifest })
    return gateway.status(`/users${path}`)
  }
  expect(await pushed(32_503_680_000, '/first')).toBe(200)
  expect(await pushed(1, '/second')).toBe(200)
})
