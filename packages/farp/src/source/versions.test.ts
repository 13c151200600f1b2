import { expect, test } from 'vitest'
import { joinVersions } from './versions.ts'
import type { RouteDefinition } from '@octopus-gateway/core'
import type { VersionPool } from './versions.ts'

const pool = (version: string, routes: readonly (Partial<RouteDefinition> & { path: string })[]): VersionPool => ({
  upstream: `users/${version}`,
  version,
  generations: [`g${version}`],
  routes: routes.map((route) => ({ methods: ['GET'], upstream: `users/${version}`, id: `${version}${route.path}`, ...route })),
})
const BY_HEADER = { by: 'header', name: 'Accept-Version', defaultVersion: undefined } as const

test('each version has its spellings; the newest gets who names none', () => {
  const { routes, findings } = joinVersions(
    [pool('v1.2.0', [{ path: '/a/{id}' }]), pool('2.0.1', [{ path: '/a/{key}' }]), pool('v1.10.0', [{ path: '/a/{id}' }])],
    BY_HEADER,
  )
  expect(findings).toEqual([])
  expect(routes).toHaveLength(1)
  expect(routes[0]).toMatchObject({ path: '/a/{key}', id: '2.0.1/a/{key}' })
  expect(routes[0]!.upstream).toEqual([
    { upstream: 'users/2.0.1', weight: 1, match: { headers: { 'Accept-Version': ['2.0.1', 'v2.0.1', '2.0', 'v2.0', '2', 'v2'] } } },
    { upstream: 'users/v1.10.0', weight: 0, match: { headers: { 'Accept-Version': ['1.10.0', 'v1.10.0', '1.10', 'v1.10', '1', 'v1'] } } },
    { upstream: 'users/v1.2.0', weight: 0, match: { headers: { 'Accept-Version': ['1.2.0', 'v1.2.0', '1.2', 'v1.2'] } } },
  ])
})

test('the default version, where the route has it; generations of all versions count', () => {
  const old = pool('1.0.0', [{ path: '/a', subset: { generation: ['x'] } }, { path: '/old' }])
  const next = pool('2.0.0', [{ path: '/a' }, { path: '/new' }])
  const { routes } = joinVersions([old, next], { by: 'query', name: 'version', defaultVersion: 'v1' })
  const at = (path: string): RouteDefinition => routes.find((route) => route.path === path)!
  expect(at('/a').upstream).toMatchObject([
    { upstream: 'users/2.0.0', weight: 0, match: { query: {} } },
    { upstream: 'users/1.0.0', weight: 1 },
  ])
  expect(at('/a').subset).toEqual({ generation: ['g2.0.0', 'x'] })
  expect([at('/old').upstream, at('/new').upstream]).toEqual(['users/1.0.0', 'users/2.0.0'])
})

test('a version that needs another path at the service does not stand beside the newest', () => {
  const { routes, findings } = joinVersions(
    [pool('1.0.0', [{ path: '/a', rewrite: { addPrefix: '/x' } }]), pool('2.0.0', [{ path: '/a' }])],
    BY_HEADER,
  )
  expect(routes.map(({ upstream }) => upstream)).toEqual(['users/2.0.0'])
  expect(findings.map(({ code }) => code)).toEqual(['VERSIONS_DIFFER'])
})

test('[R38] a version that demands more of its callers is not reached by the demands of another', () => {
  const { routes, findings } = joinVersions(
    [pool('1.0.0', [{ path: '/a', auth: { roles: ['admin'] } }]), pool('2.0.0', [{ path: '/a' }])],
    BY_HEADER,
  )
  expect(routes.map(({ upstream, auth }) => [upstream, auth])).toEqual([['users/2.0.0', undefined]])
  expect(findings.map(({ code }) => code)).toEqual(['VERSIONS_DIFFER'])
})
