import { createGateway, memoryStore, staticDiscovery } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import type { FarpOptions } from '@octopus-gateway/farp'
import type { FarpService, FarpServiceOptions } from '@octopus-gateway/testing'
import type { Gateway, KeyValueStore } from '@octopus-gateway/core'

const V1 = openapiOf('Users', ['GET /users', 'GET /users/{id}', 'DELETE /users/{id}'])
/** Without DELETE, and with something new. */
const BROKEN = openapiOf('Users', ['GET /users', 'GET /users/{id}', 'GET /teams'])
const BETTER = openapiOf('Users', ['GET /users', 'GET /users/{id}', 'DELETE /users/{id}', 'GET /teams'])

const users = (more: Partial<FarpServiceOptions> = {}) => startFarpService({ name: 'users', openapi: V1, ...more })

function gatewayOf(
  services: readonly FarpService[],
  { store = memoryStore(), ...options }: FarpOptions & { readonly store?: KeyValueStore } = {},
): Gateway {
  return createGateway({
    discovery: [staticDiscovery(services.map(({ name, port }) => ({ name, address: '127.0.0.1', port })))],
    sources: [farp({ watchInterval: '20ms', updatePolicy: 'gated', ...options })],
    store,
  })
}

interface Shown {
  readonly upstream: string
  readonly approved: { readonly version: string; readonly by: string } | null
  readonly offered: readonly {
    readonly generations: readonly { readonly generation: string; readonly version: string }[]
    readonly state: string
    readonly effect: string | null
    readonly changes: readonly object[]
  }[]
}

async function ask(
  gateway: Gateway,
  path: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const endpoint = gateway.provided.find((one) => one.path === '/_farp/contracts')!
  const response = await endpoint.handler(new Request(`http://admin.test/_farp/contracts${path}`, init), {
    ip: '127.0.0.1',
    certificate: undefined,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function shown(gateway: Gateway): Promise<Shown> {
  return ((await ask(gateway, '/users')).body['services'] as Shown[])[0]!
}

/** The states of what is offered, by versions: `1.0.0 approved`, `1.0.0+1.1.0 held breaking`. */
async function states(gateway: Gateway): Promise<string[]> {
  const { status, body } = await ask(gateway, '/users')
  if (status !== 200) return []
  return (body['services'] as Shown[]).flatMap(({ offered }) =>
    offered.map(({ generations, state, effect }) =>
      [generations.map(({ version }) => version).join('+'), state, effect].filter((part) => part !== null).join(' '),
    ),
  )
}

const until = (gateway: Gateway, ...wanted: string[]) =>
  waitFor(async () => JSON.stringify(await states(gateway)) === JSON.stringify(wanted), { what: `the states ${wanted.join(', ')}` })

async function decide(gateway: Gateway, action: string, generation: string): Promise<number> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ generation }) }
  return (await ask(gateway, `/users/${action}`, init)).status
}

const status = async (gateway: Gateway, path: string, method = 'GET') => (await gateway.request(path, { method })).status
const servedBy = async (gateway: Gateway, path: string) => ((await (await gateway.request(path)).json()) as { instance: string }).instance
const setsOf = (gateway: Gateway) => [...gateway.snapshot.sets.values()].flat()
const codes = (gateway: Gateway) => setsOf(gateway).flatMap(({ findings = [] }) => findings.map(({ code }) => code))

test('a breaking deploy is held, old routes keep serving, approved it is served', async () => {
  await using old = await users()
  await using next = await users({ version: '1.1.0' })
  await using gateway = gatewayOf([old, next])
  await gateway.synced
  await until(gateway, '1.0.0+1.1.0 approved')
  next.update({ version: '2.0.0', openapi: BROKEN })
  await until(gateway, '1.0.0 approved', '2.0.0 held breaking')
  await waitFor(() => codes(gateway).includes('CONTRACT_HELD'), { what: 'the finding' })
  for (let n = 0; n < 6; n++) expect(await servedBy(gateway, '/users/users/1')).toBe(old.instanceId)
  expect(await status(gateway, '/users/users/1', 'DELETE')).toBe(200)
  expect(await status(gateway, '/users/teams')).toBe(404)
  const view = await shown(gateway)
  expect(view).toMatchObject({ upstream: 'users', approved: { version: '1.1.0', by: 'first' } })
  expect(view.offered[1]!.changes[0]).toMatchObject({ type: 'method_removed', effect: 'breaking', operations: ['DELETE /users/{id}'] })
  expect(gateway.metrics.exposition()).toContain('octopus_farp_contract_changes_total{service="users",verdict="breaking"} 1')
  expect(await decide(gateway, 'approve', view.offered[1]!.generations[0]!.generation)).toBe(200)
  await waitFor(async () => (await status(gateway, '/users/teams')) === 200, { what: 'the new route is there' })
  expect((await shown(gateway)).approved).toMatchObject({ version: '2.0.0', by: 'operator' })
  // The instances of before serve on: a deployment goes on as it began.
  expect(await status(gateway, '/users/users/1', 'DELETE')).toBe(200)
})

test('a compatible deploy passes by itself, and going back is always possible', async () => {
  await using service = await users()
  await using gateway = gatewayOf([service])
  await gateway.synced
  service.update({ version: '1.1.0', openapi: BETTER })
  await until(gateway, '1.1.0 approved safe')
  await waitFor(async () => (await status(gateway, '/users/teams')) === 200, { what: 'the new route is there' })
  service.update({ version: '1.0.0', openapi: V1 })
  await until(gateway, '1.0.0 approved')
  await waitFor(async () => (await status(gateway, '/users/teams')) === 404, { what: 'the route is gone' })
  expect(codes(gateway)).not.toContain('CONTRACT_HELD')
})

test('when only held instances are left, they serve what has not changed, and the rest answers 503', async () => {
  await using service = await users()
  await using gateway = gatewayOf([service])
  await gateway.synced
  service.update({ version: '2.0.0', openapi: BROKEN })
  await until(gateway, '2.0.0 held breaking')
  await waitFor(async () => (await status(gateway, '/users/users/1', 'DELETE')) === 503, { what: 'what changed is closed' })
  await waitFor(async () => (await status(gateway, '/users/users/1')) === 200, { what: 'what did not is open' })
  expect(await status(gateway, '/users/teams')).toBe(404)
  expect(setsOf(gateway)[0]!.instances?.map((instance) => instance.status)).toEqual(['held'])
})

test('an operation that is still there, but not as it was, is closed as well', async () => {
  const document = (type: string) => {
    const openapi = structuredClone(V1) as unknown as { paths: Record<string, Record<string, object>> }
    const content = { 'application/json': { schema: { type: 'object', properties: { total: { type } } } } }
    openapi.paths['/users']!['get'] = { responses: { '200': { description: 'ok', content } } }
    return openapi as unknown as typeof V1
  }
  await using service = await users({ openapi: document('integer') })
  await using gateway = gatewayOf([service])
  await gateway.synced
  service.update({ version: '2.0.0', openapi: document('string') })
  await until(gateway, '2.0.0 held breaking')
  await waitFor(async () => (await status(gateway, '/users/users')) === 503, { what: 'what changed is closed' })
  expect(await status(gateway, '/users/users/1')).toBe(200)
  expect(await status(gateway, '/users/users/1', 'DELETE')).toBe(200)
})

test('decisions outlive the gateway, and are shared with others that have the same store', async () => {
  const store = memoryStore()
  await using service = await users()
  {
    await using first = gatewayOf([service], { store })
    await first.synced
    await until(first, '1.0.0 approved')
    await waitFor(async () => (await store.list('farp/contracts/')).length === 1, { what: 'it is kept' })
  }
  service.update({ version: '2.0.0', openapi: BROKEN })
  await using second = gatewayOf([service], { store })
  await second.synced
  await until(second, '2.0.0 held breaking')
  await waitFor(async () => (await status(second, '/users/users/1')) === 200, { what: 'what has not changed is served' })
  expect(await status(second, '/users/users/1', 'DELETE')).toBe(503)
  await using third = gatewayOf([service], { store })
  await third.synced
  await until(third, '2.0.0 held breaking')
  expect(await decide(third, 'approve', (await shown(third)).offered[0]!.generations[0]!.generation)).toBe(200)
  await waitFor(async () => (await status(second, '/users/teams')) === 200 && (await status(third, '/users/teams')) === 200, {
    what: 'both serve it',
  })
})

test('what is rejected stays out under every policy, until it is approved', async () => {
  await using old = await users()
  await using next = await users({ version: '1.1.0' })
  await using gateway = gatewayOf([old, next], { updatePolicy: 'warn' })
  await gateway.synced
  await until(gateway, '1.0.0+1.1.0 approved')
  next.update({ version: '2.0.0', openapi: BROKEN })
  await until(gateway, '1.0.0 approved', '2.0.0 approved breaking')
  await waitFor(() => codes(gateway).includes('CONTRACT_BROKEN'), { what: 'the finding' })
  expect(await status(gateway, '/users/teams')).toBe(200)
  // The contract that newcomers are compared with cannot be taken away, only replaced.
  const [before, after] = (await shown(gateway)).offered
  expect(await decide(gateway, 'reject', after!.generations[0]!.generation)).toBe(409)
  expect(await decide(gateway, 'approve', before!.generations[0]!.generation)).toBe(200)
  expect(await decide(gateway, 'reject', after!.generations[0]!.generation)).toBe(200)
  await waitFor(async () => (await status(gateway, '/users/teams')) === 404, { what: 'it is out' })
  expect(await decide(gateway, 'approve', after!.generations[0]!.generation)).toBe(200)
  await waitFor(async () => (await status(gateway, '/users/teams')) === 200, { what: 'it is in' })
})

test('auto serves everything and says so', async () => {
  await using service = await users()
  await using gateway = gatewayOf([service], { updatePolicy: 'auto' })
  await gateway.synced
  service.update({ version: '2.0.0', openapi: BROKEN })
  await until(gateway, '2.0.0 approved breaking')
  await waitFor(async () => (await status(gateway, '/users/teams')) === 200, { what: 'it is served' })
  await waitFor(() => codes(gateway).includes('CONTRACT_CHANGED'), { what: 'the finding' })
  expect(setsOf(gateway)[0]!.findings?.find(({ code }) => code === 'CONTRACT_CHANGED')).toMatchObject({ severity: 'info' })
})

test('what a service declares counts where nothing can be told, and never against what was found', async () => {
  const unknown = structuredClone(V1) as unknown as { paths: Record<string, Record<string, { responses: object }>> }
  unknown.paths['/users']!['get']!.responses = { ...unknown.paths['/users']!['get']!.responses, '202': { description: 'later' } }
  const openapi = unknown as unknown as typeof V1
  const schema = (service: FarpService, compatibility: object | undefined) => ({
    schemas: [
      {
        type: 'openapi',
        spec_version: '3.1.0',
        location: { type: 'http', url: service.openapiUrl },
        ...(compatibility === undefined ? {} : { compatibility }),
      },
    ],
  })
  const outcome = async (compatibility: object | undefined, document: typeof V1): Promise<string> => {
    await using service = await users()
    await using gateway = gatewayOf([service])
    await gateway.synced
    // What it declares first, so that it is known when the document changes.
    service.update({ version: '2.0.0', manifest: schema(service, compatibility) })
    await until(gateway, '2.0.0 approved')
    service.update({ openapi: document })
    await waitFor(async () => /^2\.0\.0 (?:approved|held) \w/.test((await states(gateway))[0] ?? ''), { what: 'it is judged' })
    return (await states(gateway))[0]!
  }
  expect(await outcome(undefined, openapi)).toBe('2.0.0 held unknown')
  expect(await outcome({ mode: 'backward' }, openapi)).toBe('2.0.0 approved unknown')
  expect(await outcome({ mode: 'backward' }, BROKEN)).toBe('2.0.0 held breaking')
  expect(await outcome({ mode: 'none', breaking_changes: [{ type: 'field_removed', path: '/x' }] }, BETTER)).toBe('2.0.0 held safe')
  expect(await outcome({ mode: 'none' }, BETTER)).toBe('2.0.0 approved safe')
  expect(await outcome({ mode: 'backward_transitive', previous_versions: ['0.9.0'] }, BETTER)).toBe('2.0.0 held safe')
  expect(await outcome({ mode: 'backward_transitive', previous_versions: ['1.0.0'] }, BETTER)).toBe('2.0.0 approved safe')
})

test('a mount that moves takes its routes away: that breaks as well', async () => {
  await using service = await users()
  await using gateway = gatewayOf([service])
  await gateway.synced
  service.update({ version: '2.0.0', manifest: { routing: { strategy: 'custom', base_path: '/people' } } })
  await until(gateway, '2.0.0 held breaking')
})

test('versions with mounts of their own break nobody', async () => {
  const routing = { routing: { strategy: 'versioned' } }
  await using service = await users({ manifest: routing })
  await using gateway = gatewayOf([service])
  await gateway.synced
  service.update({ version: '2.0.0', openapi: BROKEN, manifest: routing })
  await waitFor(async () => (await status(gateway, '/users/2.0.0/teams')) === 200, { what: 'it is served' })
})

test('the admin API says what is wrong with a decision', async () => {
  await using service = await users()
  await using gateway = gatewayOf([service])
  await gateway.synced
  await until(gateway, '1.0.0 approved')
  const post = (path: string, body: string, type = 'application/json') =>
    ask(gateway, path, { method: 'POST', headers: { 'content-type': type }, body })
  expect(await post('/users/approve', '{"generation":"x"}')).toMatchObject({ status: 404, body: { code: 'NO_SUCH_GENERATION' } })
  expect(await post('/nobody/approve', '{"generation":"x"}')).toMatchObject({ status: 404, body: { code: 'NO_SUCH_SERVICE' } })
  expect((await post('/users/approve', '{"generation":"x"}', 'text/plain')).status).toBe(415)
  for (const body of ['', '[]', '{}', '{"generation":1}', `{"generation":"${'x'.repeat(5000)}"}`])
    expect((await post('/users/approve', body)).status, body).toBe(400)
  expect((await ask(gateway, '/users/approve')).status).toBe(405)
  expect((await post('', '{}')).status).toBe(405)
  for (const path of ['/nobody', '/users/other', '/users/approve/more', '/%zz']) expect((await ask(gateway, path)).status, path).toBe(404)
  expect((await ask(gateway, '')).body).toMatchObject({ policy: 'gated', services: [{ service: 'users', approved: { version: '1.0.0' } }] })
})

test('clients of what is to go are told on every answer', async () => {
  const openapi = structuredClone(V1) as unknown as { paths: Record<string, Record<string, object>> }
  openapi.paths['/users']!['get'] = { ...openapi.paths['/users']!['get'], deprecated: true, 'x-sunset': '2030-06-30' }
  await using service = await users({ openapi: openapi as unknown as typeof V1 })
  await using gateway = gatewayOf([service])
  await gateway.synced
  const answer = await gateway.request('/users/users')
  expect([answer.status, answer.headers.get('deprecation'), answer.headers.get('sunset')]).toEqual([
    200,
    '@0',
    'Sun, 30 Jun 2030 00:00:00 GMT',
  ])
  await answer.text()
  const other = await gateway.request('/users/users/1')
  expect(other.headers.has('deprecation')).toBe(false)
  await other.text()
  expect(gateway.metrics.exposition()).toContain('octopus_deprecated_requests_total{service="users",method="GET",route="/users/users"} 1')
})
