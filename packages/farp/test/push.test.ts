import { expect, test } from 'vitest'
import { memoryStore } from '@octopus-gateway/core'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import { forgeInstance, manifestOf, startPushGateway, TOKEN } from './support/pushing.ts'
import type { FarpService } from '@octopus-gateway/testing'

const users = (options: { version?: string; instanceId?: string } = {}): Promise<FarpService> =>
  startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users/{id}']), ...options })

test('[F13.forge-push] Forge: registers once without a manifest, sends no heartbeat, and deregisters by its name', async () => {
  await using service = await users()
  await using gateway = await startPushGateway({ heartbeatTimeout: 100 })
  const registered = await gateway.call('POST', 'register', forgeInstance(service))
  expect(registered).toMatchObject({ status: 201, body: { status: 'registered', schemas_applied: 1 } })
  // The answer came when the routes served.
  expect(await gateway.status('/users/users/7')).toBe(200)
  const before = service.counts.manifest
  await waitFor(() => service.counts.manifest > before + 4)
  // More than the time of a heartbeat has passed.
  expect(await gateway.status('/users/users/7')).toBe(200)
  expect(await gateway.call('DELETE', 'deregister/users')).toMatchObject({ status: 200, body: { status: 'deregistered' } })
  await waitFor(async () => (await gateway.status('/users/users/7')) === 404)
  expect(await gateway.call('DELETE', 'deregister/users')).toMatchObject({ status: 404, body: { code: 'INSTANCE_NOT_FOUND' } })
})

test('a service that pushed its manifest and serves none is kept by the pushed one, as long as its health path answers', async () => {
  await using service = await users()
  const manifest = { ...(await manifestOf(service)), routes_checksum: 'first' }
  service.update({ manifestStatus: 404 })
  await using gateway = await startPushGateway({ farp: { watchInterval: 30 }, missedProbes: 5 })
  const body = { ...forgeInstance(service), manifest }
  expect(await gateway.call('POST', 'register', body)).toMatchObject({
    status: 201,
    body: { routes_checksum: 'first', schemas_applied: 1 },
  })
  const { manifest: asked, health } = { ...service.counts }
  await waitFor(() => service.counts.manifest > asked + 3 && service.counts.health > health + 3)
  expect(await gateway.status('/users/users/7')).toBe(200)
  expect(await gateway.call('POST', 'register', { ...body, manifest: { ...manifest, routes_checksum: 'second' } })).toMatchObject({
    status: 200,
    body: { routes_checksum: 'second' },
  })
  await service.stop()
  await waitFor(async () => (await gateway.call('GET', 'services')).body['length'] === 0)
  expect(gateway.logged).toContain('a registered instance is gone')
  expect(await gateway.status('/users/users/7')).toBe(404)
})

test('who sends heartbeats is out when they stop, who does not know the gateway registers again', async () => {
  await using service = await users()
  await using gateway = await startPushGateway({ heartbeatTimeout: 400 })
  expect(await gateway.call('PUT', `heartbeat/${service.instanceId}`, { status: 'healthy' })).toMatchObject({
    status: 404,
    body: { error: 'instance not found', action: 're-register', code: 'INSTANCE_NOT_FOUND' },
  })
  await gateway.call('POST', 'register', forgeInstance(service))
  const start = Date.now()
  let beats = 0
  while (Date.now() - start < 1000) {
    const answer = await gateway.call('PUT', `heartbeat/${encodeURIComponent(service.instanceId)}`, { status: 'healthy' })
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok', schemas_applied: 1 } })
    beats++
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(beats).toBeGreaterThan(3)
  const last = Date.now()
  await waitFor(async () => (await gateway.call('GET', 'services/users')).status === 404)
  expect(Date.now() - last).toBeGreaterThan(200)
  expect(service.running).toBe(true)
  await waitFor(async () => (await gateway.status('/users/users/7')) === 404)
  expect((await gateway.call('PUT', `heartbeat/${service.instanceId}`, {})).status).toBe(404)
  expect((await gateway.call('POST', 'register', forgeInstance(service))).status).toBe(201)
  expect(await gateway.status('/users/users/7')).toBe(200)
})

test('a status in a heartbeat counts at once', async () => {
  await using one = await users({ instanceId: 'one' })
  await using two = await users({ instanceId: 'two' })
  await using gateway = await startPushGateway()
  for (const service of [one, two]) await gateway.call('POST', 'register', forgeInstance(service))
  const seen = async (): Promise<ReadonlySet<string>> => {
    const names = new Set<string>()
    for (let i = 0; i < 6; i++)
      names.add(((await (await gateway.gateway.request('/users/users/7')).json()) as { instance: string }).instance)
    return names
  }
  expect(await seen()).toEqual(new Set(['one', 'two']))
  await gateway.call('PUT', 'heartbeat/two', { status: 'draining' })
  await waitFor(async () => (await seen()).size === 1)
  expect(await seen()).toEqual(new Set(['one']))
  expect((await gateway.call('GET', 'services/users')).body).toMatchObject([
    { id: 'one', service_name: 'users', status: 'healthy' },
    { id: 'two', service_name: 'users', status: 'draining' },
  ])
  await gateway.call('PUT', 'heartbeat/two', { status: 'healthy' })
  await waitFor(async () => (await seen()).size === 2)
})

test('a heartbeat with another checksum makes the gateway look again', async () => {
  await using service = await users()
  await using gateway = await startPushGateway({ farp: { watchInterval: '1h' } })
  service.update({ manifest: { routes_checksum: 'old' } })
  expect((await gateway.call('POST', 'register', forgeInstance(service))).body).toMatchObject({ routes_checksum: 'old' })
  service.update({ manifest: { routes_checksum: 'new' }, openapi: openapiOf('Users', ['GET /users/{id}', 'GET /added']) })
  const beat = (checksum: string): Promise<{ body: object }> =>
    gateway.call('PUT', `heartbeat/${service.instanceId}`, { status: 'healthy', routes_checksum: checksum })
  expect((await beat('old')).body).toMatchObject({ routes_checksum: 'old' })
  expect((await beat('new')).body).toMatchObject({ routes_checksum: 'old' })
  await waitFor(async () => (await gateway.status('/users/added')) === 200)
  expect((await beat('new')).body).toMatchObject({ routes_checksum: 'new' })
})

test('a registration whose manifest cannot be had is kept, and served once it can', async () => {
  await using service = await users()
  service.update({ manifestStatus: 503 })
  await using gateway = await startPushGateway()
  expect(await gateway.call('POST', 'register', forgeInstance(service))).toMatchObject({
    status: 201,
    body: { status: 'registered', routes_checksum: '', schemas_applied: 0 },
  })
  service.update({ manifestStatus: 200 })
  await waitFor(async () => (await gateway.status('/users/users/7')) === 200)
})

test('a restart without a store forgets, and with one does not', async () => {
  await using service = await users()
  const store = memoryStore()
  {
    await using gateway = await startPushGateway({ store })
    await gateway.call('POST', 'register', forgeInstance(service))
    await gateway.call('PUT', `heartbeat/${service.instanceId}`, { status: 'healthy' })
  }
  await using forgetful = await startPushGateway()
  expect((await forgetful.call('PUT', `heartbeat/${service.instanceId}`, {})).status).toBe(404)
  await using restarted = await startPushGateway({ store })
  // Synced: the first routes have what was stored.
  expect(await restarted.status('/users/users/7')).toBe(200)
  expect((await restarted.call('PUT', `heartbeat/${service.instanceId}`, { status: 'healthy' })).status).toBe(200)
  expect(JSON.stringify(await store.list(''))).not.toContain(TOKEN)
})

test('gateways with one store share what is registered, goes and drains', async () => {
  await using service = await users()
  const store = memoryStore()
  await using here = await startPushGateway({ store, heartbeatTimeout: 2000 })
  await using there = await startPushGateway({ store, heartbeatTimeout: 2000 })
  await here.call('POST', 'register', forgeInstance(service))
  await waitFor(async () => (await there.status('/users/users/7')) === 200)
  await there.call('PUT', `heartbeat/${service.instanceId}`, { status: 'draining' })
  await waitFor(async () => (await here.status('/users/users/7')) === 404)
  await there.call('PUT', `heartbeat/${service.instanceId}`, { status: 'healthy' })
  await waitFor(async () => (await here.status('/users/users/7')) === 200)
  await there.call('DELETE', `deregister/${service.instanceId}`)
  await waitFor(async () => (await here.status('/users/users/7')) === 404)
  expect(await store.list('farp/push/')).toEqual([])
})

test('[R38] [F12.2.ownership] a registered instance cannot be taken over, beaten for or removed with another credential', async () => {
  await using service = await users({ instanceId: 'u-1' })
  await using thief = await users({ instanceId: 'u-1' })
  const other = { authorization: 'Bearer another-token-of-tests' }
  const bound = { authorization: 'Bearer the-token-of-users-1' }
  const foreign = { authorization: 'Bearer the-token-of-orders' }
  const tokens = [
    TOKEN,
    'another-token-of-tests',
    { token: 'the-token-of-users-1', services: ['users'] },
    { token: 'the-token-of-orders', services: ['orders'] },
  ]
  await using gateway = await startPushGateway({ tokens })
  await gateway.call('POST', 'register', forgeInstance(service))
  const takeover = forgeInstance(thief)
  expect(await gateway.call('POST', 'register', takeover, other)).toMatchObject({ status: 409, body: { code: 'INSTANCE_OWNED' } })
  expect(await gateway.call('PUT', 'heartbeat/u-1', { status: 'draining' }, other)).toMatchObject({ status: 403 })
  expect(await gateway.call('DELETE', 'deregister/u-1', undefined, other)).toMatchObject({ status: 403 })
  expect(await gateway.call('DELETE', 'deregister/users', undefined, other)).toMatchObject({ status: 403 })
  expect(await gateway.call('POST', 'register', takeover, foreign)).toMatchObject({ status: 403, body: { code: 'SERVICE_FORBIDDEN' } })
  expect((await gateway.call('GET', 'services', undefined, foreign)).body).toEqual([])
  expect((await gateway.call('GET', 'services/users', undefined, foreign)).status).toBe(403)
  expect((await gateway.call('GET', 'services/users')).body).toMatchObject([{ port: service.port }])
  // The token of the service is its authority.
  expect((await gateway.call('POST', 'register', takeover, bound)).status).toBe(200)
  expect((await gateway.call('GET', 'services/users')).body).toMatchObject([{ port: thief.port }])
})

test('[F12.2.credential] a token of one service cannot have another one mounted', async () => {
  await using service = await users()
  const headers = { authorization: 'Bearer the-token-of-orders' }
  await using gateway = await startPushGateway({ tokens: [{ token: 'the-token-of-orders', services: ['orders'] }] })
  const { instance } = forgeInstance(service) as { instance: object }
  const posing = { ...instance, service_name: 'orders' }
  const manifest = await manifestOf(service)
  expect(await gateway.call('POST', 'register', { instance: posing, manifest }, headers)).toMatchObject({
    status: 400,
    body: { code: 'SERVICE_NAME_DIFFERS' },
  })
  // Nor by serving it afterwards.
  expect(await gateway.call('POST', 'register', { instance: posing }, headers)).toMatchObject({ status: 201, body: { schemas_applied: 0 } })
  expect(await gateway.status('/users/users/7')).toBe(404)
  expect(gateway.gateway.snapshot.sets.get('farp')).toMatchObject([{ service: 'orders', routes: [], findings: [{ code: 'VALIDATION' }] }])
})

test('bodies of older clients: a manifest with schemas beside it, a bare manifest', async () => {
  await using service = await users()
  await using gateway = await startPushGateway()
  const { schemas: _, ...manifest } = await manifestOf(service)
  const location = { type: 'http', url: service.openapiUrl }
  const bare = { ...manifest, checksum: '', schemas: [{ type: 'openapi', location }] }
  expect(await gateway.call('POST', 'register', bare)).toMatchObject({
    status: 201,
    body: { success: true, message: 'users is registered with 1 routes', routes: ['GET /users/users/{id}'] },
  })
  expect((await gateway.call('DELETE', 'deregister/users')).status).toBe(200)
  const content = JSON.stringify(openapiOf('Users', ['GET /pushed']))
  const schemas = [{ id: 's', service: 'users', format: 'OpenAPI', version: '3.1.0', content }]
  const legacy = { manifest: { ...manifest, checksum: '', instance: { address: service.origin }, schemas: [] }, schemas }
  service.update({ manifestStatus: 404, openapi: openapiOf('Users', ['GET /pushed']) })
  expect(await gateway.call('POST', 'register', legacy)).toMatchObject({
    status: 201,
    body: { success: true, routes: ['GET /users/pushed'] },
  })
  expect(await gateway.status('/users/pushed')).toBe(200)
  expect((await gateway.call('PUT', 'services/users', legacy)).status).toBe(201)
  expect((await gateway.call('PUT', 'services/orders', legacy)).body).toMatchObject({ code: 'SERVICE_NAME_DIFFERS' })
  expect((await gateway.call('DELETE', 'services/users')).status).toBe(200)
})

test('a refused manifest changes nothing of what was registered', async () => {
  await using service = await users()
  await using gateway = await startPushGateway()
  const body = { ...forgeInstance(service), manifest: await manifestOf(service) }
  await gateway.call('POST', 'register', body)
  const wrong = { ...body, manifest: { ...body.manifest, checksum: 'a'.repeat(64) } }
  expect(await gateway.call('POST', 'register', wrong)).toMatchObject({
    status: 400,
    body: { code: 'INVALID_MANIFEST', reason: 'CHECKSUM_MISMATCH' },
  })
  const invalid = { ...body, manifest: { ...body.manifest, schemas: 'none' } }
  expect((await gateway.call('POST', 'register', invalid)).body).toMatchObject({ reason: 'INVALID_MANIFEST' })
  expect(await gateway.status('/users/users/7')).toBe(200)
})

test('an instance that discovery knows as well keeps the address of the registry', async () => {
  await using real = await users()
  await using elsewhere = await users()
  await using gateway = await startPushGateway({ services: [{ name: 'users', address: '127.0.0.1', port: real.port }] })
  const { id } = gateway.gateway.services[0]!
  // The same place under another id is one instance.
  expect((await gateway.call('POST', 'register', forgeInstance(real))).body).toMatchObject({ schemas_applied: 1 })
  const set = (): { instances: object[]; findings: object[] } => gateway.gateway.snapshot.sets.get('farp')![0] as never
  expect(set().instances).toMatchObject([{ id, origin: real.origin }])
  const { instance } = forgeInstance(elsewhere) as { instance: object }
  expect((await gateway.call('POST', 'register', { instance: { ...instance, id } })).body).toMatchObject({ schemas_applied: 0 })
  await waitFor(() => set().findings.length > 0)
  expect(set().instances).toMatchObject([{ id, origin: real.origin }])
  expect(set().findings).toMatchObject([{ code: 'REGISTRATION_CONFLICT', instance: id }])
})

test('the answer says when the instance gets no requests because its contract waits for an approval', async () => {
  await using first = await users({ version: '1.0.0', instanceId: 'first' })
  const openapi = openapiOf('Users', ['GET /accounts/{id}'])
  await using second = await startFarpService({ name: 'users', version: '2.0.0', instanceId: 'second', openapi })
  await using gateway = await startPushGateway({ farp: { updatePolicy: 'gated' } })
  const approved = await gateway.call('POST', 'register', forgeInstance(first))
  expect(approved).toMatchObject({ status: 201, body: { status: 'registered', instance_status: 'serving' } })
  const held = await gateway.call('POST', 'register', forgeInstance(second))
  expect(held).toMatchObject({ status: 201, body: { status: 'registered', schemas_applied: 1, instance_status: 'held' } })
  const beat = await gateway.call('PUT', 'heartbeat/second', { status: 'healthy' })
  expect(beat).toMatchObject({ status: 200, body: { status: 'ok', instance_status: 'held' } })
  const { body } = await gateway.call('GET', 'services/users')
  expect((body as unknown as { status: string }[]).map(({ status }) => status)).toEqual(['healthy', 'held'])
})

test('a reported status that differs from the pushed manifest counts, and everything else the manifest says stays', async () => {
  await using service = await users()
  const { instance: _none, ...manifest } = await manifestOf(service)
  service.update({ manifestStatus: 404 })
  await using gateway = await startPushGateway()
  const body = forgeInstance(service)['instance'] as object
  const table = { route_table: [{ path: '/users/{id}', methods: ['GET'] }] }
  const registered = await gateway.call('POST', 'register', {
    instance: { ...body, status: 'healthy' },
    manifest: { ...manifest, ...table },
  })
  expect(registered).toMatchObject({ status: 201, body: { schemas_applied: 1, instance_status: 'serving' } })
  expect(await gateway.status('/users/users/7')).toBe(200)
  await gateway.call('PUT', `heartbeat/${service.instanceId}`, { status: 'draining' })
  await waitFor(async () => (await gateway.status('/users/users/7')) !== 200)
  await gateway.call('PUT', `heartbeat/${service.instanceId}`, { status: 'healthy' })
  await waitFor(async () => (await gateway.status('/users/users/7')) === 200)
  expect(gateway.logged.filter((line) => line.includes('source failed'))).toEqual([])
})
