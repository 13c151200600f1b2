import { parseManifest } from '@octopus-gateway/farp'
import { describe, expect, test } from 'vitest'
import { manifestChecksum, schemaHash } from '@octopus-gateway/farp-digest'
import { farp } from './farp.ts'
import type { FarpServiceOptions, LogEntry } from './options.ts'

const openapi = { openapi: '3.1.0', info: { title: 'A & B <v1>', version: '1' }, paths: { '/b': { get: {} }, '/a': { get: {}, post: {} } } }
const base: FarpServiceOptions = { name: 'orders', version: 'v1.2.0', address: '10.0.0.5:8080', openapi }

describe('the manifest', () => {
  test('is what the strictest reader accepts, with hashes and checksum as peers compute them', async () => {
    const service = farp({
      ...base,
      graphql: 'type Query { a: Int }',
      grpc: Uint8Array.of(10, 0),
      asyncapi: { asyncapi: '3.0.0', channels: {} },
      orpc: { orpc: '1.0.0', procedures: {} },
      instance: { zone: 'eu-1a', weight: 0, role: 'canary', deployment: { deployment_id: 'd', strategy: 'canary', traffic_percent: 5 } },
      routing: { strategy: 'custom', base_path: '/api/orders', tags: ['shop'] },
      auth: { schemes: [{ type: 'bearer' }], public_routes: ['/a'] },
      hints: { recommended_timeout: '2s' },
      compatibility: { openapi: { mode: 'backward' } },
      metadata: { openapi: { composition: { include_in_merged: true } } },
      extensions: { 'x-team': 'shop' },
    })
    const manifest = await service.manifest()
    const { manifest: read, findings } = parseManifest(JSON.stringify(manifest), { mode: 'strict', newerMinor: true })
    expect(findings).toEqual([])
    expect(read).toMatchObject({ serviceName: 'orders', instance: { weight: 0, role: 'canary', trafficPercent: 5, zone: 'eu-1a' } })
    expect(manifest.schemas.map(({ type, spec_version: version }) => [type, version])).toEqual([
      ['openapi', '3.1.0'],
      ['asyncapi', '3.0.0'],
      ['grpc', 'proto3'],
      ['graphql', '2021'],
      ['orpc', '1.0.0'],
    ])
    expect(manifest.schemas[0]!.hash).toBe(schemaHash(openapi))
    expect(manifest.schemas[0]).toMatchObject({ compatibility: { mode: 'backward' }, metadata: { openapi: { composition: {} } } })
    expect(manifest.schemas[3]!.hash).toBe(schemaHash({ format: 'SDL', sdl: 'type Query { a: Int }', spec_version: '2021' }))
    expect(manifest.checksum).toBe(manifestChecksum(manifest.schemas))
    expect(manifest.capabilities).toEqual(['rest', 'websocket', 'grpc', 'graphql', 'rpc'])
    expect(manifest['x-team']).toBe('shop')
  })

  test('the smallest service has the smallest manifest', async () => {
    const manifest = await farp({ name: 'a', version: '1', address: 'a:1' }).manifest()
    expect(manifest).toMatchObject({ schemas: [], capabilities: [], checksum: '', endpoints: { health: '/_farp/health' } })
    expect(Object.keys(manifest)).not.toContain('auth')
    expect(manifest.instance_id).toMatch(/^a-[0-9a-f]{16}$/)
  })

  test('carries the schemas when it shall', async () => {
    const { schemas } = await farp({ ...base, inline: true }).manifest()
    expect(schemas[0]).toMatchObject({ location: { type: 'inline' }, inline_schema: openapi })
  })

  test('never tells the secret', async () => {
    const service = farp({ ...base, webhook: { secret: 'hunter2', subscribe_events: ['traffic.shift'], on: () => undefined } })
    const text = JSON.stringify([await service.manifest(), service.record()])
    expect(text).not.toContain('hunter2')
    expect(text).toContain('http://10.0.0.5:8080/farp/webhook')
  })

  test('changes its routes checksum with every route, and with nothing else', async () => {
    const checksum = async (options: Partial<FarpServiceOptions>): Promise<string> =>
      (await farp({ ...base, ...options }).manifest()).routes_checksum
    const before = await checksum({})
    expect(await checksum({ instance: { weight: 5 }, version: 'v2', openapi: { ...openapi, info: {} } })).toBe(before)
    expect(await checksum({ openapi: { ...openapi, paths: { '/a': { get: {}, post: {} }, '/b': { get: {} } } } })).toBe(before)
    expect(await checksum({ openapi: { ...openapi, paths: { '/a': { get: {} }, '/b': { get: {} } } } })).not.toBe(before)
    expect(await checksum({ routing: { strategy: 'root' } })).not.toBe(before)
    expect(await checksum({ graphql: 'type Query { a: Int }' })).not.toBe(await checksum({ graphql: 'type Query { b: Int }' }))
    expect(await checksum({ route_table: [{ path: '/a' }] })).not.toBe(await checksum({ route_table: [{ path: '/b' }] }))
  })
})

describe('schemas', () => {
  test('may be text, in JSON or YAML, and hash like the object', async () => {
    const hash = async (given: FarpServiceOptions['openapi']): Promise<string> =>
      (await farp({ ...base, openapi: given! }).manifest()).schemas[0]!.hash
    const yaml = 'openapi: 3.1.0\ninfo: { title: A & B <v1>, version: "1" }\npaths:\n  /b: { get: {} }\n  /a: { get: {}, post: {} }\n'
    for (const given of [JSON.stringify(openapi), yaml, () => yaml, Promise.resolve(openapi), async () => openapi])
      expect(await hash(given)).toBe(schemaHash(openapi))
  })

  test('are made once, and again after update', async () => {
    let made = 0
    const service = farp({ ...base, openapi: () => ({ ...openapi, info: { made: ++made } }) })
    const hashOf = async (): Promise<string> => (await service.manifest()).schemas[0]!.hash
    const [first, second] = await Promise.all([hashOf(), hashOf()])
    expect(second).toBe(first)
    service.update()
    expect(await hashOf()).not.toBe(first)
    expect(made).toBe(2)
  })

  test('one that fails answers 503 without the reason, is logged, and is tried again', async () => {
    const log: LogEntry[] = []
    let isReady = false
    const make = (): object => {
      if (!isReady) throw new Error('the file /etc/secret is not there')
      return openapi
    }
    const service = farp({ ...base, openapi: make, log: (entry) => log.push(entry) })
    const ask = async (path: string): Promise<Response> => (await service.fetch(new Request(`http://a.test${path}`)))!
    const answer = await ask('/_farp/manifest')
    expect(answer.status).toBe(503)
    expect(await answer.text()).not.toContain('secret')
    expect((log[0]!.error as Error).message).toContain('secret')
    expect((await ask('/_farp/health')).status).toBe(200)
    isReady = true
    expect((await ask('/_farp/manifest')).status).toBe(200)
  })

  test('a promise that fails before anybody asks ends no process', async () => {
    const service = farp({ ...base, openapi: Promise.reject(new Error('early')) })
    await new Promise((resolve) => setImmediate(resolve))
    await expect(service.manifest()).rejects.toThrow('early')
  })

  test.each([
    ['openapi', {}, /has no member "openapi"/],
    ['openapi', '{"a":', /not JSON/],
    ['openapi', 'a: [', /neither JSON nor YAML/],
    ['openapi', '- a', /not an object/],
    ['graphql', { a: 1 }, /neither SDL nor/],
  ])('%s %j is refused', async (type, given, message) => {
    const options = { name: 'a', version: '1', address: 'a:1', [type]: given } as FarpServiceOptions
    await expect(farp(options).manifest()).rejects.toThrow(message)
  })
})

describe('update', () => {
  test('changes what is said, and when it was said', async () => {
    const service = farp(base)
    const before = await service.manifest()
    service.update({ version: 'v1.3.0', status: 'draining' })
    const after = await service.manifest()
    expect(after).toMatchObject({ service_version: 'v1.3.0', instance: { status: 'draining' }, instance_id: before.instance_id })
    expect(after.updated_at).toBeGreaterThanOrEqual(before.updated_at)
    expect(after.schemas).toEqual(before.schemas)
  })

  test('changes nothing when it is refused', async () => {
    const service = farp(base)
    expect(() => service.update({ status: 'draining', instance: { weight: 101 } })).toThrow(/instance.weight/)
    expect((await service.manifest()).instance!.status).toBe('healthy')
  })

  test.each([
    ['healthy', 'no check', 200, 'healthy'],
    ['degraded', 'a check that passes', 200, 'degraded'],
    ['healthy', 'a check that fails', 503, 'unhealthy'],
    ['healthy', 'a check that throws', 503, 'unhealthy'],
    ['draining', 'a check that passes', 503, 'draining'],
    ['starting', 'no check', 503, 'starting'],
  ] as const)('%s with %s', async (status, check, code, said) => {
    const isHealthy = async (): Promise<boolean> => {
      if (check === 'a check that throws') throw new Error('no database')
      return check === 'a check that passes'
    }
    const service = farp({ ...base, status, ...(check === 'no check' ? {} : { isHealthy }) })
    const answer = (await service.fetch(new Request('http://a.test/_farp/health')))!
    expect([answer.status, await answer.json()]).toEqual([code, { status: said }])
    expect((await service.manifest()).instance!.status).toBe(said)
  })
})

test('other methods are refused with what is allowed', async () => {
  const answer = (await farp(base).fetch(new Request('http://a.test/_farp/manifest', { method: 'DELETE' })))!
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test.each([
  [{ name: 'a/b' }, /name/],
  [{ name: '..' }, /name/],
  [{ instance_id: 'a b' }, /instance_id/],
  [{ address: 'ftp://a' }, /address/],
  [{ address: 'http://u:p@a' }, /address/],
  [{ routing: { strategy: 'custom' } }, /base_path/],
  [{ routing: { strategy: 'custom', base_path: '/a/../b' } }, /base_path/],
  [{ routing: { strategy: 'subdomain', subdomain: 'A' } }, /subdomain/],
  [{ routing: { priority: 101 } }, /priority/],
  [{ webhook: { secret: '' } }, /secret/],
] as const)('%j is refused', (options, message) => {
  expect(() => farp({ ...base, ...(options as Partial<FarpServiceOptions>) })).toThrow(message)
})
