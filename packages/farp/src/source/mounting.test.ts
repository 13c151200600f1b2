import { expect, test } from 'vitest'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { lines, recordOf, startFarp } from '../testing/harness.ts'
import type { FarpOptions } from '../options.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { Harness } from '../testing/harness.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

const openapi = openapiOf('Users', ['GET /users', 'GET /users/{id}'])

async function mounted(
  routing: object,
  options: FarpOptions & { readonly record?: Partial<ServiceInstance> } = {},
): Promise<{ farp: Harness; service: FarpService } & AsyncDisposable> {
  const { record, ...rest } = options
  const service = await startFarpService({
    name: 'user-service',
    version: 'v1.2.3',
    instanceId: 'user-service-abc123',
    openapi,
    manifest: { routing },
  })
  const farp = startFarp(rest)
  farp.discover([recordOf(service, record)])
  await farp.until('it is there', () => farp.set('user-service') !== undefined)
  return {
    farp,
    service,
    async [Symbol.asyncDispose]() {
      await farp.stop()
      await service.stop()
    },
  }
}

test('each strategy has its place and its upstream', async () => {
  for (const [routing, path, upstream, host] of [
    [{ strategy: 'root' }, '/users', 'user-service', undefined],
    [{ strategy: 'instance' }, '/user-service-abc123/users', 'user-service/user-service-abc123', undefined],
    [{ strategy: 'service' }, '/user-service/users', 'user-service', undefined],
    [{ strategy: '' }, '/user-service/users', 'user-service', undefined],
    [{ strategy: 'versioned' }, '/user-service/v1.2.3/users', 'user-service/v1.2.3', undefined],
    [{ strategy: 'custom', base_path: '/api/v2/identity' }, '/api/v2/identity/users', 'user-service', undefined],
    [{ strategy: 'subdomain', subdomain: 'users' }, '/users', 'user-service', 'users.example.com'],
  ] as const) {
    await using at = await mounted(routing, { domain: 'example.com' })
    const route = at.farp.routes('user-service').find((item) => item.path === path)
    expect(route, path).toMatchObject({ upstream })
    expect(route!.host).toBe(host)
    expect(Object.keys(at.farp.set('user-service')!.upstreams)).toEqual([upstream])
    const prefix = path.slice(0, -'/users'.length)
    expect(route!.rewrite?.stripPrefix ?? '').toBe(prefix)
  }
})

test('a schema path / mounts the service itself, with and without the slash', async () => {
  await using service = await startFarpService({ name: 'users', openapi: openapiOf('U', ['GET /']) })
  await using farp = startFarp({ includeIntrospection: true })
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users', 'GET /users/'])
})

test('self-describing paths stay inside unless they are asked for; path rules decide on the rest', async () => {
  await using service = await startFarpService({
    name: 'users',
    openapi: openapiOf('U', ['GET /', 'GET /health', 'GET /docs', 'GET /openapi.json', 'GET /api/a', 'GET /api/internal/b', 'GET /other']),
    manifest: {
      routing: {
        path_rules: [
          { pattern: '/api/internal/**', action: 'exclude' },
          { pattern: '/api/**', action: 'include' },
          { pattern: '/**', action: 'exclude' },
        ],
      },
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toEqual(['GET /users/api/a'])
  farp.discover([recordOf(service, { metadata: { 'farp.include_internal_paths': 'true' } })])
  service.update({ manifest: {} })
  await farp.until('all are routed', () => farp.routes('users').length === 8)
})

test('a relative server is where the service has its API; other hosts are ignored', async () => {
  await using service = await startFarpService({
    name: 'users',
    openapi: { ...openapi, servers: [{ url: '/{base}/', variables: { base: { default: 'api' } } }] },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(farp.routes('users')[0]).toMatchObject({
    rewrite: { stripPrefix: '/users', addPrefix: '/api' },
    meta: { upstreamPath: '/api/users' },
  })
  service.update({ openapi: { ...openapi, servers: [{ url: 'https://evil.example/v1' }] } })
  await farp.until('[R38] it is told', () => farp.codes('users').includes('SERVER_IGNORED'))
  expect(farp.routes('users')[0]!.rewrite).toEqual({ stripPrefix: '/users' })
  expect(farp.origins('users')).toEqual([service.origin])
})

test('[R38] [F12.10.root] the root mount is for the operator to give', async () => {
  const consul = { provider: 'consul', metadata: { farp_enabled: 'true' } }
  await using refused = await mounted({ strategy: 'root' }, { record: consul })
  expect(refused.farp.routes('user-service')).toEqual([])
  expect(refused.farp.findings('user-service').find(({ code }) => code === 'MOUNT_REFUSED')?.message).toContain('farp.root_mounts')
  await using slash = await mounted({ strategy: 'custom', base_path: '/' }, { record: consul })
  expect(slash.farp.routes('user-service')).toEqual([])
  await using named = await mounted({ strategy: 'root' }, { record: consul, rootMounts: ['user-service'] })
  expect(lines(named.farp.routes('user-service'))).toContain('GET /users')
  await using fixed = await mounted({ strategy: 'root' }, { record: { provider: 'static' } })
  expect(lines(fixed.farp.routes('user-service'))).toContain('GET /users')
})

test("[R38] [F12.10.displaced] a root mount never displaces another service's route, nor the gateway's own paths", async () => {
  await using root = await startFarpService({
    name: 'front',
    openapi: openapiOf('F', ['GET /users/a', 'GET /usersx', 'GET /_farp/x', 'GET /_/y']),
    manifest: { routing: { strategy: 'root', priority: 100 } },
  })
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('U', ['GET /a']) })
  await using farp = startFarp({ includeIntrospection: true })
  farp.discover([recordOf(root), recordOf(users)])
  await farp.until('both serve', () => farp.routes('users').length === 1)
  expect(lines(farp.routes('front'))).toEqual(['GET /usersx'])
  expect(farp.findings('front').filter(({ code }) => code === 'PATH_SKIPPED')).toHaveLength(3)
  farp.discover([recordOf(root)])
  await farp.until('the path is free again', () => lines(farp.routes('front')).includes('GET /users/a'))
})

test('[R38] [F12.10.reserved] [F12.10.subdomain] [F12.10.displaced] reserved prefixes, reserved subdomains and names of other services cannot be mounted', async () => {
  for (const routing of [
    { strategy: 'custom', base_path: '/_/admin' },
    { strategy: 'custom', base_path: '/_farp/v1' },
    { strategy: 'custom', base_path: '__farp' },
    { strategy: 'subdomain', subdomain: 'admin' },
  ]) {
    await using at = await mounted(routing)
    expect(at.farp.routes('user-service'), JSON.stringify(routing)).toEqual([])
    expect(at.farp.codes('user-service')).toContain('MOUNT_REFUSED')
  }
  await using billing = await startFarpService({ name: 'billing', openapi })
  for (const manifest of [
    { service_name: 'Billing', routing: { strategy: 'service', priority: 100 } },
    { routing: { strategy: 'custom', base_path: '/billing/v2', priority: 100 } },
    { instance_id: 'billing', routing: { strategy: 'instance', priority: 100 } },
  ]) {
    await using evil = await startFarpService({ name: 'aaa', openapi, manifest })
    await using farp = startFarp()
    farp.discover([recordOf(evil), recordOf(billing)])
    await farp.until('both are known', () => farp.sets.length === 2)
    expect(farp.routes('aaa'), JSON.stringify(manifest)).toEqual([])
    expect(farp.codes('aaa')).toContain('SERVICE_NAME_TAKEN')
    expect(farp.routes('billing')).toHaveLength(2)
  }
})

test('[F12.10.subdomain] the operator says which subdomains are reserved', async () => {
  const at = async (subdomain: string, options: FarpOptions): Promise<readonly string[]> => {
    await using mount = await mounted({ strategy: 'subdomain', subdomain }, options)
    return mount.farp.codes('user-service').filter((code) => code === 'MOUNT_REFUSED')
  }
  for (const label of ['www', 'admin', 'api']) expect(await at(label, {}), label).toEqual(['MOUNT_REFUSED'])
  expect(await at('gateway', { reservedSubdomains: ['Gateway'] })).toEqual(['MOUNT_REFUSED'])
  expect(await at('admin', { reservedSubdomains: ['gateway'] })).toEqual([])
})

test('what is not done yet is said', async () => {
  await using service = await startFarpService({
    name: 'users',
    openapi: { ...openapi, security: [{ bearer: [] }] },
  })
  service.update({
    manifest: {
      schemas: [
        { type: 'openapi', location: { type: 'http', url: service.openapiUrl } },
        { type: 'graphql', location: { type: 'http', url: `${service.origin}/graphql` } },
        { type: 'thrift', location: { type: 'registry', registry_path: '/schemas/users/v1/thrift' } },
      ],
      auth: {
        schemes: [{ type: 'bearer', config: { jwks_url: 'http://a' } }],
        access_control: [{ path: '/admin/*', methods: [], roles: ['admin'] }],
        public_routes: ['/public/**'],
      },
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(farp.codes('users')).toEqual(expect.arrayContaining(['NOT_SUPPORTED_YET', 'AUTH_NOT_ENFORCED']))
  expect(farp.findings('users').some(({ code, message }) => code === 'SCHEMA_UNAVAILABLE' && message.includes('GraphQL'))).toBe(true)
  expect(farp.routes('users')[0]!.meta).toMatchObject({
    security: [{ bearer: [] }],
    auth: { publicRoutes: ['/public/**'], accessControl: [{ path: '/admin/*' }] },
  })
  service.update({ manifest: { schemas: [] } })
  await farp.until('nothing is left', () => farp.codes('users').includes('NOTHING_ROUTABLE'))
  expect(farp.routes('users')).toEqual([])
})

test('every schema of a manifest makes routes and is a document; the first one that has a route keeps it', async () => {
  await using service = await startFarpService({ name: 'users', openapi })
  const second = { openapi: '3.1.0', paths: { '/users': { get: { operationId: 'second' } }, '/more': { get: {} } } }
  const orpc = { orpc: '1.0.0', procedures: {} }
  service.update({
    manifest: {
      schemas: [
        { type: 'openapi', location: { type: 'http', url: service.openapiUrl } },
        { type: 'openapi', location: { type: 'inline' }, inline_schema: second },
        { type: 'thrift', location: { type: 'inline' }, inline_schema: orpc },
      ],
    },
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  expect(lines(farp.routes('users'))).toContain('GET /users/more')
  expect(farp.routes('users').find(({ path }) => path === '/users/users')?.meta).not.toHaveProperty('operationId', 'second')
  expect(farp.set('users')?.documents?.map(({ kind }) => kind)).toEqual(['openapi', 'openapi', 'thrift'])
})
