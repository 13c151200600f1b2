import { expect, test } from 'vitest'
import { lines, recordOf, startFarp } from '../testing/harness.ts'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import type { Endpoint, RouteDefinition } from '@octopus-gateway/core'
import type { FarpOptions } from '../options.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { Harness } from '../testing/harness.ts'

const OPENAPI = openapiOf('Users', ['GET /people', 'POST /people'])

type Instance = {
  readonly id: string
  readonly version?: string
  readonly instance?: object
  readonly routing?: object
  readonly openapi?: object
}

/** Instances of one service, all found. */
async function of(
  options: FarpOptions,
  ...instances: readonly Instance[]
): Promise<{ farp: Harness; services: readonly FarpService[] } & AsyncDisposable> {
  const services = await Promise.all(
    instances.map(({ id, version = '1.0.0', instance, routing, openapi = OPENAPI }) =>
      startFarpService({
        name: 'users',
        version,
        instanceId: id,
        openapi: openapi as typeof OPENAPI,
        manifest: { instance: { address: 'x:1', status: 'healthy', ...instance }, ...(routing === undefined ? {} : { routing }) },
      }),
    ),
  )
  const farp = startFarp(options)
  farp.discover(services.map((service) => recordOf(service, { id: service.instanceId })))
  await farp.until('all are known', () => farp.set('users')?.instances?.every(({ manifest }) => manifest === 'ok'))
  return {
    farp,
    services,
    async [Symbol.asyncDispose]() {
      await farp.stop()
      await Promise.all(services.map((service) => service.stop()))
    },
  }
}

const endpoints = (farp: Harness, upstream = 'users'): readonly Endpoint[] =>
  farp.set('users')!.upstreams[upstream]!.endpoints as readonly Endpoint[]
const statuses = (farp: Harness): Record<string, string> =>
  Object.fromEntries(farp.set('users')!.instances!.map(({ id, status }) => [id, status]))

test('routes are filtered by the tags of the service and of the operation', async () => {
  const openapi = openapiOf('Users', ['GET /a', 'GET /b'])
  Object.assign((openapi as unknown as { paths: Record<string, { get: object }> }).paths['/b']!.get, { tags: ['internal'] })
  const routed = async (options: FarpOptions): Promise<[string[], boolean]> => {
    await using at = await of(options, { id: 'a', openapi, routing: { tags: ['public'] } })
    return [lines(at.farp.routes('users')), at.farp.codes('users').includes('TAGS_FILTERED')]
  }
  expect(await routed({})).toEqual([['GET /users/a', 'GET /users/b'], false])
  expect(await routed({ excludeTags: ['internal'] })).toEqual([['GET /users/a'], true])
  expect(await routed({ includeTags: ['internal'] })).toEqual([['GET /users/b'], true])
  expect(await routed({ includeTags: ['public'], excludeTags: ['internal'] })).toEqual([['GET /users/a'], true])
  expect(await routed({ includeTags: ['v2'] })).toEqual([[], true])
})

test('the newest version of a major one has a second mount', async () => {
  const versioned = { routing: { strategy: 'versioned' } }
  await using at = await of(
    { majorAlias: true },
    { id: 'a', version: 'v1.9.0', ...versioned },
    { id: 'b', version: 'v1.10.0', ...versioned },
    { id: 'c', version: '2.0.0-rc.1', ...versioned },
    { id: 'd', version: 'v3', ...versioned },
  )
  const to = (path: string): unknown => at.farp.routes('users').find((route) => route.path === path && route.methods![0] === 'GET')
  expect(to('/users/v1/people')).toMatchObject({ upstream: 'users/v1.10.0', rewrite: { stripPrefix: '/users/v1' } })
  expect(to('/users/v1.9.0/people')).toMatchObject({ upstream: 'users/v1.9.0' })
  expect(to('/users/v2/people')).toBeUndefined()
  expect(to('/users/v3/people')).toMatchObject({ upstream: 'users/v3' })
})

test('labels select, regions come later, and the service has a health of its own', async () => {
  await using at = await of(
    { instanceLabels: { env: 'prod' }, region: 'eu' },
    { id: 'a', instance: { region: 'eu', zone: 'eu-1', labels: { env: 'prod' } } },
    { id: 'b', instance: { region: 'us', labels: { env: 'prod', extra: 'x' } } },
    { id: 'c', instance: { labels: { env: 'test' } } },
    { id: 'd', instance: { status: 'draining', labels: { env: 'prod' } } },
  )
  expect(statuses(at.farp)).toEqual({ a: 'serving', b: 'serving', c: 'not-selected', d: 'draining' })
  expect(endpoints(at.farp).map(({ id, zone, priority }) => [id, zone, priority])).toEqual([
    ['users/a', 'eu-1', undefined],
    ['users/b', undefined, 1],
  ])
  expect(at.farp.set('users')!.health).toBe('degraded')
  for (const service of at.services.slice(0, 2))
    service.update({ manifest: { instance: { address: 'x:1', status: 'unhealthy', labels: { env: 'prod' } } } })
  await at.farp.until('nobody serves', () => at.farp.set('users')!.health === 'unhealthy')
})

test('canaries keep their clients where it is asked for; different shares are told', async () => {
  const canary = (percent: number): object => ({
    role: 'canary',
    deployment: { deployment_id: 'd', strategy: 'canary', traffic_percent: percent },
  })
  await using at = await of(
    { splitOn: 'cookie:session' },
    { id: 'a' },
    { id: 'b', instance: canary(10) },
    { id: 'c', instance: canary(20) },
  )
  expect(at.farp.set('users')!.upstreams['users']).toMatchObject({ loadBalance: 'rendezvous', hashOn: 'cookie:session' })
  expect(at.farp.codes('users')).toContain('TRAFFIC_DIFFERS')
  const [a, b, c] = endpoints(at.farp).map(({ weight }) => weight)
  expect((b! + c!) / (a! + b! + c!)).toBeCloseTo(0.2)
  const { version } = at.farp.set('users')!
  for (const service of at.services) service.update({ manifest: { instance: { address: 'x:1', status: 'healthy' } } })
  // Settings of an upstream belong to the version of the set.
  await at.farp.until('there are no canaries', () => at.farp.set('users')!.version !== version)
  expect(at.farp.set('users')!.upstreams['users']).not.toHaveProperty('loadBalance')
})

test('the operator switches colours', async () => {
  const colour = (role: string, percent?: number): object => ({
    role,
    deployment: { deployment_id: 'd', strategy: 'blue_green', ...(percent === undefined ? {} : { traffic_percent: percent }) },
  })
  const instances = [
    { id: 'b', instance: colour('blue', 100) },
    { id: 'g', instance: colour('green') },
  ]
  await using asDeclared = await of({}, ...instances)
  expect(endpoints(asDeclared.farp).map(({ weight }) => weight)).toEqual([100, 0])
  await using switched = await of({ colours: { users: 'green' } }, ...instances)
  expect(endpoints(switched.farp).map(({ weight }) => weight)).toEqual([0, 100])
})

test('shadows get copies of what changes nothing, and never a request', async () => {
  const instances = [{ id: 'a' }, { id: 's', instance: { role: 'shadow', weight: 100 } }]
  await using off = await of({}, ...instances)
  expect(Object.keys(off.farp.set('users')!.upstreams)).toEqual(['users'])
  await using on = await of({ shadow: { enabled: true, sample: 50, maxBody: 1024 } }, ...instances)
  expect(endpoints(on.farp).map(({ id }) => id)).toEqual(['users/a'])
  expect(endpoints(on.farp, 'users#shadow').map(({ id }) => id)).toEqual(['users/s'])
  const mirrors = on.farp.routes('users').map(({ methods, mirror }: RouteDefinition) => [methods![0], mirror])
  expect(mirrors).toEqual([
    ['GET', { upstream: 'users#shadow', percent: 50, maxBody: 1024, headers: { 'x-farp-shadow': 'true' } }],
    ['POST', undefined],
  ])
  expect(statuses(on.farp)['s']).toBe('shadow')
})

test('versions in pools of their own below one mount', async () => {
  const routing = { strategy: 'service', versioning: { strategy: 'header' } }
  await using at = await of({}, { id: 'a', version: '1.0.0', routing }, { id: 'b', version: '2.0.0', routing })
  expect(Object.keys(at.farp.set('users')!.upstreams)).toEqual(['users/1.0.0', 'users/2.0.0'])
  expect(at.farp.routes('users')).toHaveLength(2)
  expect(at.farp.routes('users')[0]!.upstream).toMatchObject([
    { upstream: 'users/2.0.0', weight: 1 },
    { upstream: 'users/1.0.0', weight: 0 },
  ])
})

test('rules of the newest generation hold below the mount; what cannot be used is told', async () => {
  const rule = { pattern: '^/v1/(.*)$', replacement: '/$1' }
  await using at = await of(
    {},
    { id: 'a', version: '1.0.0', routing: { rewrite: [{ pattern: '^/old', replacement: '/' }] } },
    {
      id: 'b',
      version: '1.1.0',
      routing: { rewrite: [{ pattern: '(a)\\1', replacement: '/' }, rule, { pattern: '^/(x)', replacement: '/$1x' }, 7] },
    },
  )
  expect(at.farp.set('users')!.rewrites).toEqual([{ prefix: '/users', rules: [rule] }])
  const notes = at.farp.findings('users').filter(({ message }) => message.includes('routing.rewrite'))
  expect(notes.map(({ message }) => /rewrite\[\d\]/.exec(message)?.[0])).toEqual(['rewrite[0]', 'rewrite[2]', 'rewrite[3]'])
})
