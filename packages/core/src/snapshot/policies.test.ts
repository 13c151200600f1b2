import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { ScriptedSource, setOf } from '../../test/support/scripted-control.ts'
import type { ConfigError, Gateway, RouteSet } from '@octopus-gateway/core'
import type { RoutePolicies } from '@octopus-gateway/core/plugins'

const once: RoutePolicies = { rateLimit: { rate: 0.001, burst: 1, key: 'ip' } }

/** A service whose routes have these policies; as data that came from another process. */
function asking(service: string, version: string, policies: RoutePolicies): RouteSet {
  const set = setOf(service, version, [`/${service}/a`, `/${service}/b`], [`http://${service}.test`])
  return structuredClone({ ...set, routes: set.routes.map((route) => ({ ...route, policies })) })
}

async function start(...sets: readonly RouteSet[]): Promise<{ gateway: Gateway; source: ScriptedSource }> {
  const source = new ScriptedSource('farp')
  const gateway = createGateway({ sources: [source], fetch: async () => new Response('ok') })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  source.say(sets)
  await gateway.synced
  return { gateway, source }
}

const statuses = async (gateway: Gateway, ...paths: string[]): Promise<number[]> => {
  const found: number[] = []
  for (const path of paths) found.push((await gateway.request(path)).status)
  return found
}

test('policies of sources are set up per service, and keep their state when routes change', async () => {
  const { gateway, source } = await start(asking('users', '1', once), asking('orders', '1', once))
  expect(await statuses(gateway, '/users/a', '/users/b', '/orders/a', '/orders/b')).toEqual([200, 429, 200, 429])
  const changed = new Promise((resolve) => gateway.on('snapshot', resolve))
  const next = asking('users', '2', once)
  source.say([{ ...next, routes: next.routes.slice(0, 1) }, asking('orders', '1', once)])
  await changed
  expect(await statuses(gateway, '/users/a', '/users/b')).toEqual([429, 404])
})

test('a set with a policy that cannot be is refused whole; the others serve', async () => {
  const { gateway } = await start(asking('users', '1', { rateLimit: { rate: -1 } }), asking('orders', '1', once))
  expect(await statuses(gateway, '/users/a', '/orders/a')).toEqual([404, 200])
  const users = gateway.snapshot.sets.get('farp')!.find(({ service }) => service === 'users')!
  expect(users.findings).toMatchObject([{ code: 'ROUTES_REFUSED', message: expect.stringContaining('policies.rateLimit') as string }])
})

test('routes of the configuration have plugins', async () => {
  const gateway = createGateway({ upstreams: { up: () => new Response() }, routes: [{ path: '/', upstream: 'up', policies: once }] })
  const error = (await gateway.ready.catch((thrown: unknown) => thrown)) as ConfigError
  expect(error.issues).toMatchObject([{ path: 'routes[0].policies' }])
})
