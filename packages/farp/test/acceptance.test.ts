import { expect, test } from 'vitest'
import { canonicalJson, schemaHash } from '@octopus-gateway/farp-digest'
import { forgeInstance, startPushGateway } from './support/pushing.ts'
import { fetcherWhere, startSite } from './support/site.ts'
import { manifestChecksum } from '../src/manifest/checksum.ts'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { record, recordOf } from '../src/testing/harness.ts'
import { startOne, startRunning } from './support/running.ts'
import { vectors } from '../src/testing/vectors.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { Running } from './support/running.ts'

// A gateway as it runs: real services, real listeners, everything over loopback.

const openapi = openapiOf('Users', ['GET /users/{id}'])

/** How many of `count` requests each instance answered. */
async function shares(running: Running, path: string, count: number): Promise<Readonly<Record<string, number>>> {
  const seen: Record<string, number> = {}
  for (let n = 0; n < count; n++) {
    const instance = String((await running.json(path))['instance'])
    seen[instance] = (seen[instance] ?? 0) + 1
  }
  return seen
}

test('[F13.forge-mdns-503] a Forge service that mDNS names answers 503 for its manifest, and is served from its metadata', async () => {
  const users = await startOne({ name: 'user-service', openapi, manifestStatus: 503 })
  // As Forge writes its TXT record; the browser of mDNS makes metadata of it.
  const metadata = {
    'farp.enabled': 'true',
    'farp.manifest': users.manifestUrl,
    'farp.openapi': users.openapiUrl,
    'farp.openapi.path': '/openapi.json',
    'farp.capabilities': '[rest]',
    'farp.health': '/health',
    'mdns.service_type': '_user-service._tcp',
  }
  const running = await startRunning({ registries: { mdns: [recordOf(users, { metadata })] } })
  expect(await running.json('/user-service/users/7')).toMatchObject({ instance: users.instanceId, url: '/users/7' })
  expect(running.instances('user-service')).toMatchObject([{ manifest: 'fallback', status: 'serving' }])
  expect(running.codes('user-service')).toContain('METADATA_ONLY')
  expect(users.counts.manifest).toBeGreaterThan(0)
  // Once it has one, the manifest counts.
  users.update({ manifestStatus: 200, manifest: { routing: { strategy: 'custom', base_path: '/api' } } })
  await waitFor(async () => (await running.status('/api/users/7')) === 200)
  expect(running.instances('user-service')).toMatchObject([{ manifest: 'ok' }])
})

test("[F13.octopus-minimal] the manifest of Octopus' documentation, to the letter", async () => {
  const { manifest_json_text: text } = vectors<readonly { readonly name: string; readonly manifest_json_text: string }[]>(
    'manifest-validation',
  ).find(({ name }) => name === 'octopus-docs-minimal')!
  const service = await startSite((path) => {
    if (path === '/_farp/manifest') return { body: text }
    if (path === '/openapi.json') return { body: openapi }
    return path === '/users/7' ? { body: { path } } : undefined
  })
  const running = await startRunning({
    registries: { static: [record('user-service', service.port)] },
    farp: { fetcher: fetcherWhere({}) },
  })
  expect(await running.json('/user-service/users/7')).toEqual({ path: '/users/7' })
  expect(running.instances('user-service')).toMatchObject([{ status: 'serving', manifest: 'ok', version: 'v1.2.3', weight: 100 }])
})

test('[F13.go-zero-structs] zeros that Go writes say nothing: nothing is demanded, weighed or mounted by them', async () => {
  const { json } = vectors<{ readonly json: string }>('go-default-manifest')
  const location = { type: 'inline' }
  const hash = schemaHash(openapi)
  let manifest: object = JSON.parse(json) as object
  const service = await startSite((path) => {
    if (path === '/_farp/manifest') return { body: manifest }
    return path === '/users/7' ? { body: { path } } : undefined
  })
  const running = await startRunning({ registries: { static: [record('user-service', service.port)] } })
  expect(running.instances('user-service')).toMatchObject([{ status: 'serving', manifest: 'ok', weight: 100 }])
  expect(running.set('user-service')!.routes).toEqual([])
  // The same, with a schema and every other struct that Go leaves empty.
  const zeros = {
    instance: { address: `127.0.0.1:${service.port}`, status: 'healthy', deployment: { deployment_id: '' }, labels: null },
    hints: {
      recommended_timeout: '',
      retry_policy: { max_attempts: 0, initial_delay: '', max_delay: '', multiplier: 0 },
      load_balancing: { strategy: '' },
    },
    routing: { strategy: 'instance', base_path: '', subdomain: '', rewrite: null, tags: null },
    schemas: [
      {
        type: 'openapi',
        spec_version: '3.1.0',
        location,
        content_type: 'application/json',
        inline_schema: openapi,
        hash,
        size: 0,
        compatibility: null,
      },
    ],
    checksum: manifestChecksum([{ type: 'openapi', hash }]),
  }
  manifest = { ...manifest, ...zeros }
  await waitFor(async () => (await running.status('/i-1/users/7')) === 200)
  expect(await running.json('/i-1/users/7')).toEqual({ path: '/users/7' })
  expect(running.instances('user-service')).toMatchObject([{ status: 'serving', manifest: 'ok', weight: 100 }])
  expect(running.codes('user-service').filter((code) => code !== 'CONTRACT_CHANGED')).toEqual([])
})

test('[F13.two-instances] two instances are one pool: both serve, and one goes on when the other is gone', async () => {
  const [one, two] = [await startOne({ name: 'users', openapi }), await startOne({ name: 'users', openapi })]
  const running = await startRunning({ registries: { static: [recordOf(one), recordOf(two)] } })
  const both = await shares(running, '/users/users/7', 40)
  expect(both[one.instanceId]).toBeGreaterThan(10)
  expect(both[two.instanceId]).toBeGreaterThan(10)
  expect(running.set('users')!.routes).toHaveLength(1)
  await two.stop()
  await waitFor(() => running.instances('users').some(({ status }) => status === 'unreachable'))
  expect(await shares(running, '/users/users/7', 20)).toEqual({ [one.instanceId]: 20 })
  await two.start()
  await waitFor(() => running.instances('users').every(({ status }) => status === 'serving'))
  await waitFor(async () => ((await shares(running, '/users/users/7', 20))[two.instanceId] ?? 0) > 0)
})

test('[F13.rolling-two-checksums] while two checksums are there each route reaches the instances that have it, and no request fails', async () => {
  const start = async (version: string, ...paths: string[]): Promise<FarpService> => {
    const document = openapiOf('U', paths)
    const hash = schemaHash(document)
    const service = await startOne({ name: 'users', version, instanceId: version, openapi: document })
    const schema = { type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: service.openapiUrl }, hash }
    service.update({ manifest: { schemas: [schema], checksum: manifestChecksum([{ type: 'openapi', hash }]) } })
    return service
  }
  const old = await start('1.0.0', 'GET /shared', 'GET /old')
  const next = await start('1.1.0', 'GET /shared', 'GET /new')
  const running = await startRunning({ registries: { consul: [] }, farp: { hashVerification: 'enforce', probe: true } })
  running.announce([recordOf(old)])
  await waitFor(async () => (await running.status('/users/shared')) === 200)
  const over = new AbortController()
  const statuses: number[] = []
  const load = (async () => {
    while (!over.signal.aborted) statuses.push(await running.status('/users/shared'))
  })()
  try {
    running.announce([recordOf(old), recordOf(next)])
    await waitFor(async () => (await running.status('/users/new')) === 200)
    expect(new Set(running.instances('users').map(({ checksum }) => checksum)).size).toBe(2)
    expect(await shares(running, '/users/old', 10)).toEqual({ '1.0.0': 10 })
    expect(await shares(running, '/users/new', 10)).toEqual({ '1.1.0': 10 })
    for (const instance of ['1.0.0', '1.1.0']) await waitFor(async () => instance in (await shares(running, '/users/shared', 1)))
    expect(running.codes('users')).toContain('GENERATIONS_DIFFER')
    running.announce([recordOf(next)])
    await waitFor(async () => (await running.status('/users/old')) === 404)
    await old.stop()
    expect(await shares(running, '/users/shared', 10)).toEqual({ '1.1.0': 10 })
  } finally {
    over.abort()
    await load
  }
  expect(statuses.length).toBeGreaterThan(5)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})

test('[F13.blue-green-dropped-zeros] the colour whose zero Go dropped gets nothing, until the manifests are switched', async () => {
  const colour = (role: string, percent?: number): object => ({
    instance: {
      address: 'x:1',
      status: 'healthy',
      role,
      deployment: { deployment_id: 'd-1', strategy: 'blue_green', ...(percent === undefined ? {} : { traffic_percent: percent }) },
    },
  })
  const blue = await startOne({ name: 'users', instanceId: 'blue', openapi, manifest: colour('blue', 100) as Record<string, unknown> })
  const green = await startOne({ name: 'users', instanceId: 'green', openapi, manifest: colour('green') as Record<string, unknown> })
  const running = await startRunning({ registries: { static: [recordOf(blue), recordOf(green)] } })
  expect(await shares(running, '/users/users/7', 20)).toEqual({ blue: 20 })
  // The switch, as a service in Go announces it: the zero of the other one is missing again. One of them is always the first.
  green.update({ manifest: colour('green', 100) as Record<string, unknown> })
  blue.update({ manifest: colour('blue') as Record<string, unknown> })
  await waitFor(async () => ((await shares(running, '/users/users/7', 5))['green'] ?? 0) === 5)
  expect(await shares(running, '/users/users/7', 20)).toEqual({ green: 20 })
})

test('[F13.manifest-1.3.1] a newer minor version with members that nobody knows yet', async () => {
  const users = await startOne({
    name: 'users',
    openapi,
    manifest: {
      version: '1.3.1',
      federation: { mode: 'mesh' },
      capabilities: ['rest', 'teleport'],
      routing: { strategy: 'service', sharding: { key: 'id' } },
    },
  })
  const running = await startRunning({ registries: { static: [recordOf(users)] } })
  expect(await running.json('/users/users/7')).toMatchObject({ url: '/users/7' })
  expect(running.instances('users')).toMatchObject([{ manifest: 'ok', status: 'serving' }])
  users.update({ manifest: { version: '2.0.0' } })
  await waitFor(() => running.codes('users').includes('INCOMPATIBLE_VERSION'))
  // What was good goes on.
  expect(await running.status('/users/users/7')).toBe(200)
})

test('[F13.heartbeat-404-after-restart] a gateway that has forgotten says 404 and register again, and then serves', async () => {
  const users = await startOne({ name: 'users', openapi })
  const beat = { status: 'healthy' }
  {
    await using gateway = await startPushGateway()
    expect((await gateway.call('POST', 'register', forgeInstance(users))).status).toBe(201)
    expect((await gateway.call('PUT', `heartbeat/${users.instanceId}`, beat)).status).toBe(200)
    expect(await gateway.status('/users/users/7')).toBe(200)
  }
  await using restarted = await startPushGateway()
  expect(await restarted.call('PUT', `heartbeat/${users.instanceId}`, beat)).toMatchObject({
    status: 404,
    body: { error: 'instance not found', action: 're-register', code: 'INSTANCE_NOT_FOUND' },
  })
  expect(await restarted.status('/users/users/7')).toBe(404)
  expect((await restarted.call('POST', 'register', forgeInstance(users))).status).toBe(201)
  expect(await restarted.status('/users/users/7')).toBe(200)
  expect((await restarted.call('PUT', `heartbeat/${users.instanceId}`, beat)).status).toBe(200)
})

test('[F13.schema-lt-amp] a document with < and & is verified by the hash that Go computes, as it is served', async () => {
  const document = { ...openapi, info: { title: 'Q&A <v1>', version: '1.0.0' }, 'x-note': 'a && b > c' }
  const hash = schemaHash(document)
  const manifest = (declared: string): object => ({
    version: '1.0.1',
    service_name: 'users',
    schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: '/openapi.json' }, hash: declared }],
    checksum: manifestChecksum([{ type: 'openapi', hash: declared }]),
  })
  let declared = hash
  // A Go service escapes these characters, and ends with a line feed.
  const served = `${canonicalJson(document)}\n`
  expect(served).toContain('\\u003c')
  const service = await startSite((path) => {
    if (path === '/_farp/manifest') return { body: manifest(declared) }
    if (path === '/openapi.json') return { body: served }
    return path === '/users/7' ? { body: { path } } : undefined
  })
  const running = await startRunning({
    registries: { static: [record('users', service.port)] },
    farp: { hashVerification: 'enforce' },
  })
  expect(await running.json('/users/users/7')).toEqual({ path: '/users/7' })
  expect(running.codes('users')).not.toContain('HASH_MISMATCH')
  expect(await running.gateway.document(hash)).toMatchObject({ info: { title: 'Q&A <v1>' } })
  declared = 'f'.repeat(64)
  await waitFor(() => running.codes('users').includes('HASH_MISMATCH'))
  expect(await running.status('/users/users/7')).toBe(200)
})

test('[F13.asyncapi3-addresses] channels of AsyncAPI 3 are routed at their addresses, not at their keys', async () => {
  const asyncapi = {
    asyncapi: '3.0.0',
    info: { title: 'Chat', version: '1' },
    channels: {
      'simple-chat': { address: '/ws/chat/{room}', bindings: { ws: {} } },
      feed: { address: '/sse/feed', bindings: { http: { method: 'GET' } } },
    },
    operations: { hear: { action: 'send', channel: { $ref: '#/channels/feed' } } },
  }
  const schema = { type: 'asyncapi', spec_version: '3.0.0', location: { type: 'inline' }, inline_schema: asyncapi }
  const chat = await startSite((path, { header }) => {
    if (path === '/_farp/manifest') return { body: { version: '1.0.1', service_name: 'chat', schemas: [schema] } }
    if (path === '/sse/feed') return { headers: { 'content-type': 'text/event-stream' }, body: 'data: 1\n\n' }
    // Where the handshake came to, and what it asked for.
    return { status: 418, body: { path, upgrade: header('upgrade') } }
  })
  const running = await startRunning({ registries: { static: [record('chat', chat.port)] } })
  expect(
    running
      .set('chat')!
      .routes.map(({ path }) => path)
      .sort(),
  ).toEqual(['/chat/sse/feed', '/chat/ws/chat/{room}'])
  expect(await (await running.get('/chat/sse/feed')).text()).toBe('data: 1\n\n')
  expect(await running.status('/chat/simple-chat')).toBe(404)
  expect(await running.status('/chat/feed')).toBe(404)
  const merged = await running.admin('/_farp/federated/asyncapi.json')
  expect(merged['channels']).toMatchObject({ 'chat.simple-chat': { address: '/chat/ws/chat/{room}' } })
})
