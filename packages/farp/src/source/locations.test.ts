import { expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { lines, recordOf, startFarp } from '../testing/harness.ts'
import { schemaHash } from '../schemas/canonical.ts'
import type { KeyValues } from '@octopus-gateway/core'

const document = openapiOf('Users', ['GET /registered'])
const encoded = new TextEncoder().encode(JSON.stringify(document))
const PATH = '/schemas/users/v1/openapi'
const registered = (hash?: string): Record<string, unknown> => ({
  schemas: [{ type: 'openapi', location: { type: 'registry', registry_path: PATH }, ...(hash === undefined ? {} : { hash }) }],
})

function storeOf(values: Readonly<Record<string, Uint8Array>>): KeyValues & { asked: number } {
  return {
    asked: 0,
    async get(key) {
      this.asked++
      return values[key] === undefined ? undefined : { value: values[key], revision: 1 }
    },
  }
}

test("a schema in the registry's store, compressed, verified once by its hash", async () => {
  await using service = await startFarpService({ name: 'users', manifest: registered(schemaHash(document)) })
  const consul = storeOf({ 'farp/schemas/users/v1/openapi.gz': gzipSync(encoded) })
  await using farp = startFarp({}, {}, { consul })
  farp.discover([recordOf(service, { provider: 'consul', metadata: { farp_enabled: 'true' } })])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/registered'])
  const { asked } = consul
  await expect.poll(() => service.counts.manifest).toBeGreaterThan(4)
  expect([consul.asked, service.counts.openapi]).toEqual([asked, 0])
})

test('what does not fit its hash is not taken from a registry, and is from the instance', async () => {
  const hash = schemaHash(openapiOf('Users', ['GET /right']))
  await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']), manifest: registered(hash) })
  service.update({ manifest: { ...registered(hash), endpoints: { health: '/health', openapi: '/openapi.json' } } })
  await using farp = startFarp({}, {}, { consul: storeOf({ [PATH.slice(1)]: encoded }) })
  farp.discover([recordOf(service, { provider: 'consul', metadata: { farp_enabled: 'true' } })])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/people'])
  const severities = farp.findings('users').filter(({ code }) => code === 'HASH_MISMATCH')
  expect(severities.map(({ severity }) => severity).sort()).toEqual(['error', 'warning'])
  expect(farp.codes('users')).toContain('SCHEMA_FALLBACK')
})

test('a store that hangs, fails or is not there: the instance is asked instead', async () => {
  const hanging: KeyValues = { get: () => new Promise(() => {}) }
  const failing: KeyValues = { get: () => Promise.reject(new Error('no leader')) }
  for (const stores of [{ consul: hanging }, { consul: failing }, {}]) {
    await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']) })
    service.update({ manifest: { ...registered(), endpoints: { health: '/health', openapi: '/openapi.json' } } })
    await using farp = startFarp({}, {}, stores)
    farp.discover([recordOf(service, { provider: 'consul', metadata: { farp_enabled: 'true' } })])
    await farp.until('it serves', () => farp.routes('users').length > 0)
    expect(lines(farp.routes('users'))).toEqual(['GET /users/people'])
  }
})

test('AsyncAPI: every place in order, and what an earlier instance of the version had', async () => {
  const asyncapi = { asyncapi: '3.0.0', info: { title: 'a', version: '1' }, channels: { chat: { address: '/chat', bindings: { ws: {} } } } }
  const manifest = { schemas: [{ type: 'asyncapi', location: { type: 'http', url: '/not-there.json' } }] }
  const places = (at: string) => ({
    openapi: { ...openapiOf('Users', [`GET ${at}`]) },
    handler: (_: unknown, response: import('node:http').ServerResponse) => void response.end(JSON.stringify(asyncapi)),
  })
  await using first = await startFarpService({ name: 'chat', manifest, ...places('/own/asyncapi.json') })
  await using farp = startFarp()
  farp.discover([recordOf(first, { metadata: { 'farp.asyncapi.path': '/own/asyncapi.json' } })])
  await farp.until('it serves', () => farp.routes('chat').length > 0)
  expect(farp.routes('chat')[0]).toMatchObject({ path: '/chat/chat', meta: { protocol: 'websocket', schemaType: 'asyncapi' } })
  expect(farp.findings('chat').find(({ code }) => code === 'SCHEMA_FALLBACK')?.message).toContain('metadata farp.asyncapi.path')

  // A second instance of the version that cannot give its document serves what the first had.
  await using second = await startFarpService({ name: 'chat', manifest })
  farp.discover([recordOf(second)])
  await farp.until('the second serves', () => farp.origins('chat').includes(second.origin))
  expect(lines(farp.routes('chat'))).toEqual(['GET /chat/chat'])
  expect(farp.findings('chat').find(({ code }) => code === 'SCHEMA_FALLBACK')?.message).toContain('last good')
})

test('an inline schema that cannot be used: the instance is asked instead', async () => {
  await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']) })
  service.update({
    manifest: {
      endpoints: { health: '/health', openapi: '/openapi.json' },
      schemas: [{ type: 'openapi', location: { type: 'inline' }, inline_schema: { openapi: '4.0.0' } }],
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(farp.codes('users')).toEqual(expect.arrayContaining(['SCHEMA_INVALID', 'SCHEMA_FALLBACK']))
})

test('languages of your own: an added adapter makes routes, and its failures are findings', async () => {
  const { operationAt } = await import('../adapters/operation.ts')
  const custom = {
    read: () => ({}),
    check: (value: unknown) => value as Record<string, unknown>,
    adapt(given: Readonly<Record<string, unknown>>) {
      if (given['fail'] === true) throw new Error('boom')
      const operation = operationAt('/own/{id}', 'POST')
      return { operations: 'problem' in operation ? [] : [operation], findings: [] }
    },
  }
  const inline = (schema: object): object => ({ type: 'custom', location: { type: 'inline' }, inline_schema: schema })
  await using service = await startFarpService({ name: 'users', manifest: { schemas: [inline({ a: 1 }), inline({ fail: true })] } })
  await using farp = startFarp({ adapters: { custom } })
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['POST /users/own/{id}'])
  expect(farp.findings('users').find(({ code }) => code === 'SCHEMA_INVALID')?.message).toContain('its adapter failed: boom')
})

test('no manifest, but metadata that says where AsyncAPI is', async () => {
  const asyncapi = { asyncapi: '2.6.0', info: { title: 'a', version: '1' }, channels: { '/chat': { subscribe: {} } } }
  await using service = await startFarpService({
    name: 'chat',
    manifestStatus: 503,
    openapi: openapiOf('Chat', ['GET /asyncapi.json']),
    handler: (_, response) => void response.end(JSON.stringify(asyncapi)),
  })
  await using farp = startFarp()
  farp.discover([recordOf(service, { metadata: { 'farp.asyncapi': `${service.origin}/asyncapi.json`, 'farp.enabled': 'true' } })])
  await farp.until('it serves', () => farp.routes('chat').length > 0)
  expect(lines(farp.routes('chat'))).toEqual(['GET /chat/chat'])
  expect(farp.codes('chat')).toContain('METADATA_ONLY')
})
