import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { LIMITS } from '../limits.ts'
import { lines, record, recordOf, startFarp } from '../testing/harness.ts'
import type { AddressInfo } from 'node:net'
import type { FarpService } from '@octopus-gateway/testing'

const openapi = openapiOf('Users', ['GET /users'])

/** Another server on this machine that a manifest should not be able to reach. */
async function bystander(): Promise<{ readonly port: number; readonly hits: string[] } & AsyncDisposable> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url} ${request.headers['x-token'] ?? ''}`)
    response.end(JSON.stringify(openapiOf('Internal', ['GET /secret'])))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    hits,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function pointingTo(service: FarpService, url: string): void {
  service.update({ manifest: { schemas: [{ type: 'openapi', location: { type: 'http', url, headers: { 'x-token': 'secret-token' } } }] } })
}

test('[R38] [F12.1.foreign] [F12.3.host] a manifest cannot point the gateway elsewhere: the same path is tried on the instance itself, without its headers', async () => {
  await using internal = await bystander()
  await using users = await startFarpService({ name: 'users', openapi })
  pointingTo(users, `http://127.0.0.1:${internal.port}/openapi.json?x=1`)
  await using farp = startFarp()
  farp.discover([recordOf(users, { provider: 'consul', metadata: { farp_enabled: 'true' } })])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/users'])
  expect(internal.hits).toEqual([])
  const foreign = farp.findings('users').find(({ code }) => code === 'FOREIGN_HOST')
  expect(foreign?.message).toContain('farp.allowed_hosts')
  expect(JSON.stringify(farp.sets)).not.toContain('secret-token')
})

test('[R38] [F12.1.foreign] nor can metadata that a service wrote into a registry', async () => {
  await using internal = await bystander()
  await using users = await startFarpService({ name: 'users', openapi })
  await using farp = startFarp()
  farp.discover([recordOf(users, { provider: 'consul', metadata: { farp_manifest: `http://127.0.0.1:${internal.port}/_farp/manifest` } })])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(internal.hits).toEqual([])
  expect(farp.codes('users')).toContain('FOREIGN_HOST')
})

test('[R38] [F12.1.registry] [F12.1.own-hosts] addresses of another instance and hosts the operator named are fetched, with the headers', async () => {
  await using internal = await bystander()
  await using users = await startFarpService({ name: 'users', openapi })
  pointingTo(users, `http://localhost:${internal.port}/openapi.json`)
  await using farp = startFarp({ allowedHosts: [`localhost:${internal.port}`] })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/secret'])
  expect(internal.hits[0]).toBe('GET /openapi.json secret-token')
  expect(farp.codes('users')).toEqual(['MANIFEST_LENIENT'])
})

test('[R38] [F12.1.schemes] [F12.1.credentials] cloud metadata, other schemes and credentials are never fetched', async () => {
  for (const url of [
    'http://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:70/',
    'http://root:pw@127.0.0.1/',
  ]) {
    await using users = await startFarpService({ name: 'users', openapi, openapiStatus: 404 })
    pointingTo(users, url)
    await using farp = startFarp({ allowedHosts: ['169.254.169.254'] })
    farp.discover([recordOf(users)])
    await farp.until(url, () => farp.set('users') !== undefined)
    expect(farp.codes('users'), url).toContain('ADDRESS_BLOCKED')
    expect(farp.routes('users'), url).toEqual([])
  }
})

test('[R38] [F12.4.manifest] a manifest over a mebibyte is not read', async () => {
  await using users = await startFarpService({ name: 'users', openapi, manifest: { 'x-padding': 'x'.repeat(1_100_000) } })
  await using farp = startFarp()
  farp.discover([recordOf(users)])
  await farp.until('it is refused', () => farp.codes('users').includes('MANIFEST_UNAVAILABLE'))
  expect(farp.routes('users')).toEqual([])
})

test('[R38] [F12.4.operations] a schema over ten mebibytes, with too many paths or too many operations is not used', async () => {
  const many = openapiOf(
    'U',
    Array.from({ length: 60 }, (_, index) => `GET /p${index}`),
  )
  for (const [limits, document] of [
    [{ schemaBytes: 5_000 }, many],
    [{ paths: 59 }, many],
    [{ operations: 59 }, many],
  ] as const) {
    await using users = await startFarpService({ name: 'users', openapi: document })
    await using farp = startFarp({}, limits)
    farp.discover([recordOf(users)])
    await farp.until('it is there', () => farp.set('users') !== undefined)
    expect(farp.routes('users'), JSON.stringify(limits)).toEqual([])
    expect(farp.findings('users').some(({ severity }) => severity === 'error')).toBe(true)
  }
  expect(LIMITS).toMatchObject({
    manifestBytes: 2 ** 20,
    schemaBytes: 10 * 2 ** 20,
    depth: 64,
    schemas: 50,
    paths: 5000,
    operations: 10_000,
    services: 1000,
    redirects: 3,
    connectMs: 2000,
    headersMs: 5000,
    totalMs: 10_000,
    fetches: 8,
    fetchesPerService: 2,
    updatesPerMinute: 60,
  })
})

test('[R38] the schemas of one instance are not more together than a few large ones', async () => {
  const schemas = ['A', 'B', 'C'].map((title) => ({
    type: 'openapi',
    location: { type: 'inline' },
    inline_schema: openapiOf(title, [`GET /${title}`]),
  }))
  const size = JSON.stringify(schemas[0]!.inline_schema).length
  await using users = await startFarpService({ name: 'users', openapi, manifest: { schemas } })
  await using farp = startFarp({}, { schemasBytes: size * 2 })
  farp.discover([recordOf(users)])
  await farp.until('it is said', () => farp.codes('users').includes('LIMIT_EXCEEDED'))
  expect(farp.routes('users')).toHaveLength(2)
})

test('[R38] [F12.4.services] services beyond the limit are not routed, and the log says so', async () => {
  await using a = await startFarpService({ name: 'a', openapi })
  await using b = await startFarpService({ name: 'b', openapi })
  await using farp = startFarp({}, { services: 1 })
  farp.discover([recordOf(a), recordOf(b)])
  await farp.until('one is there', () => farp.sets.length === 1)
  expect(farp.sets[0]!.service).toBe('a')
  expect(farp.logged.join()).toContain('more FARP services')
})

test('[R38] [F12.8.tables] [F12.19.control] names from the network reach findings without control characters, and tables without prototypes', async () => {
  const nasty = '\u001b[2J\r\nFAKE LINE'
  await using users = await startFarpService({
    name: '__proto__',
    openapi: {
      ...openapi,
      paths: {
        '/ok': { get: { operationId: 'ok', summary: nasty, tags: [nasty], 'x-a': 1, responses: {} } },
        [`bad${nasty}`]: { get: {} },
      },
    },
    manifest: { instance_id: 'constructor', schemas: undefined },
  })
  users.update({
    manifest: {
      schemas: [
        { type: `soap${nasty}`, location: {} },
        { type: 'openapi', location: { type: 'http', url: users.openapiUrl } },
      ],
    },
  })
  await using farp = startFarp()
  farp.discover([record('__proto__', users.port)])
  await farp.until('it serves', () => farp.routes('__proto__').length > 0)
  expect(JSON.stringify(farp.sets)).not.toMatch(/\\u001b|\\r|\\n/)
  expect(Object.keys(farp.set('__proto__')!.upstreams)).toEqual(['__proto__'])
  expect(lines(farp.routes('__proto__'))).toEqual(['GET /__proto__/ok'])
  expect(({} as Record<string, unknown>)['endpoints']).toBeUndefined()
})

test('[R38] hostile manifests and schemas never stop the others', async () => {
  const hostile: readonly Record<string, unknown>[] = [
    { schemas: 'none' },
    { service_name: '../../etc' },
    { routing: { strategy: 'custom', base_path: '/../..' } },
    { instance: { address: '', weight: 1e9 } },
    { schemas: Array.from({ length: 60 }, () => ({ type: 'openapi' })) },
  ]
  const services = await Promise.all(hostile.map((manifest, index) => startFarpService({ name: `bad${index}`, openapi, manifest })))
  await using users = await startFarpService({ name: 'users', openapi })
  await using farp = startFarp()
  farp.discover([...services.map((service) => recordOf(service)), recordOf(users)])
  await farp.until('the good one serves', () => farp.routes('users').length === 1)
  for (const { name } of services) {
    expect(farp.routes(name), name).toEqual([])
    expect(
      farp.findings(name).some(({ severity }) => severity === 'error'),
      name,
    ).toBe(true)
  }
  await Promise.all(services.map((service) => service.stop()))
})
