import { cors } from '@octopus-gateway/core/plugins'
import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import type { FarpOptions } from '@octopus-gateway/farp'
import type { FarpServiceOptions } from '@octopus-gateway/testing'
import type { Gateway, GatewayOptions } from '@octopus-gateway/core'

const SITE = 'https://shop.example'

async function gatewayOf(
  services: readonly Partial<FarpServiceOptions>[],
  trustHints: FarpOptions['trustHints'] = ['rate_limit', 'cors'],
  more: Partial<GatewayOptions> = {},
): Promise<Gateway> {
  const openapi = openapiOf('S', ['GET /a', 'GET /b'])
  const started = await Promise.all(services.map((options, index) => startFarpService({ name: `s${index}`, openapi, ...options })))
  for (const service of started) onTestFinished(() => service.stop())
  const discovery = [staticDiscovery(started.map(({ name, port }) => ({ name, address: '127.0.0.1', port })))]
  const gateway = createGateway({ discovery, sources: [farp({ trustHints })], ...more })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  return gateway
}

const statuses = async (gateway: Gateway, ...paths: string[]): Promise<number[]> => {
  const found: number[] = []
  for (const path of paths) found.push((await gateway.request(path)).status)
  return found
}

const notes = (gateway: Gateway): string =>
  (gateway.snapshot.sets.get('farp') ?? [])
    .flatMap(({ findings = [] }) => findings.filter(({ code }) => code === 'HINT_NOT_APPLIED').map(({ message }) => message))
    .join('\n')

const limit = { requests_per_second: 0.001, burst_size: 2, key: 'global' }

test('a limit that a service asks for holds for all of its routes together, and for nobody else', async () => {
  const manifest = { hints: { rate_limit: limit } }
  const gateway = await gatewayOf([{ manifest }, { manifest }])
  expect(await statuses(gateway, '/s0/a', '/s0/b', '/s0/a')).toEqual([200, 200, 429])
  expect(await statuses(gateway, '/s1/a', '/s1/b', '/s1/b')).toEqual([200, 200, 429])
  expect(notes(gateway)).toBe('')
})

test('a limit of a route is its own, whoever names it: route_table, x-farp, rate_limit_hint', async () => {
  const openapi = openapiOf('S', ['GET /a', 'GET /b'])
  const paths = openapi['paths'] as Record<string, Record<string, object>>
  const hinted = { ...openapi, paths: { ...paths, '/a': { get: { ...paths['/a']!['get'], 'x-farp': { rate_limit_hint: 0.001 } } } } }
  const table = [
    {
      path: '/a',
      methods: ['GET'],
      rate_limit: { ...limit, burst_size: 1 },
      cors: { allowed_origins: [SITE] },
      cache: { enabled: true, ttl: '1m' },
    },
    { path: '/b', methods: ['GET'] },
  ]
  const gateway = await gatewayOf([{ openapi: hinted }, { manifest: { route_table: table } }])
  expect(await statuses(gateway, '/s0/a', '/s0/a', '/s0/b', '/s0/b')).toEqual([200, 429, 200, 200])
  expect(await statuses(gateway, '/s1/a', '/s1/a', '/s1/b', '/s1/b')).toEqual([200, 429, 200, 200])
  const answer = await gateway.request('/s1/b', { headers: { origin: SITE } })
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  expect(notes(gateway)).toBe('route_table names policies that are carried in meta.farp and not applied: cache')
})

test('cors of a service answers preflights, unless the gateway has a policy of its own', async () => {
  const manifest = { hints: { cors: { allowed_origins: [SITE], allowed_methods: ['GET'], allow_credentials: true, max_age: 60 } } }
  const preflight = { method: 'OPTIONS', headers: { origin: SITE, 'access-control-request-method': 'GET' } }
  const asked = async (gateway: Gateway): Promise<(string | number | null)[]> => {
    const { status, headers } = await gateway.request('/s0/a', preflight)
    return [status, headers.get('access-control-allow-origin'), headers.get('access-control-max-age')]
  }
  expect(await asked(await gatewayOf([{ manifest }]))).toEqual([204, SITE, '60'])
  const own = { plugins: [cors({ allowedOrigins: ['https://other.example'] })] }
  expect(await asked(await gatewayOf([{ manifest }], ['cors'], own))).toEqual([204, null, null])
})

test('nothing is applied that the operator has not named, or that would be unsafe; each is said', async () => {
  const manifest = {
    hints: { rate_limit: { ...limit, burst_size: 1 }, cors: { allowed_origins: ['*'], allow_credentials: true }, cache: { enabled: true } },
  }
  const closed = await gatewayOf([{ manifest }], [])
  expect(await statuses(closed, '/s0/a', '/s0/a', '/s0/a')).toEqual([200, 200, 200])
  expect(notes(closed)).toContain('rate_limit (not in farp.trust_hints), cors (not in farp.trust_hints)')
  const open = await gatewayOf([{ manifest: { hints: { ...manifest.hints, rate_limit: { strategy: 'fixed_window' } } } }])
  expect((await open.request('/s0/a', { headers: { origin: SITE } })).headers.get('access-control-allow-origin')).toBeNull()
  expect(notes(open)).toMatch(/cache \(no policy of this gateway\), rate_limit \(no requests_per_second\), cors \(With credentials/)
})
