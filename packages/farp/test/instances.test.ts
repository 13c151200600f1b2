import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import { recordOf } from '../src/testing/harness.ts'
import { registryOf } from './support/registry.ts'
import { serve } from '@octopus-gateway/node'
import { vectors } from '../src/testing/vectors.ts'
import type { Gateway, ServiceInstance } from '@octopus-gateway/core'
import type { FarpOptions } from '@octopus-gateway/farp'
import type { FarpService, FarpServiceOptions } from '@octopus-gateway/testing'
import type { Registry } from './support/registry.ts'

const recordsOf = (services: readonly FarpService[]): readonly ServiceInstance[] =>
  services.map((one) => recordOf(one, { id: one.instanceId }))

async function service(options: FarpServiceOptions): Promise<FarpService> {
  const started = await startFarpService(options)
  onTestFinished(() => started.stop())
  return started
}

async function gatewayOf(options: FarpOptions, ...services: readonly FarpService[]): Promise<{ gateway: Gateway; registry: Registry }> {
  const registry = registryOf('static')
  registry.announce(recordsOf(services))
  const gateway = createGateway({
    discovery: [registry.provider],
    sources: [farp({ watchInterval: '30ms', routeLinger: '1s', ...options })],
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  return { gateway, registry }
}

interface Echo {
  readonly instance: string
  readonly url: string
}

const ask = async (gateway: Gateway, path: string, headers: Record<string, string> = {}): Promise<Echo | number> => {
  const response = await gateway.request(path, { headers })
  const body = (await response.json()) as Echo
  return response.status === 200 ? body : response.status
}

interface RewriteCase {
  readonly rewrite: readonly { pattern: string; replacement: string }[]
  readonly request: string
  readonly upstream_path: string | null
}

test.each(vectors<{ cases: readonly RewriteCase[] }>('path-rewrite').cases)(
  'the rewrite of $request',
  async ({ rewrite, request, upstream_path: expected }) => {
    const users = await service({
      name: 'user-service',
      openapi: openapiOf('U', ['GET /users/{id}', 'GET /api/{x}']),
      manifest: { routing: { strategy: 'service', rewrite } },
    })
    const { gateway } = await gatewayOf({}, users)
    const answer = await ask(gateway, request)
    expect(typeof answer === 'number' ? answer : answer.url).toBe(expected ?? 400)
  },
)

interface Contender {
  readonly service: string
  readonly version: string
  readonly priority?: number
}

test.each(vectors<{ cases: readonly { existing: Contender; incoming: Contender; winner: string }[] }>('conflicts').cases)(
  'the conflict that $winner wins',
  async ({ existing, incoming, winner }) => {
    const start = ({ service: name, version, priority }: Contender): Promise<FarpService> => {
      const routing = { strategy: 'custom', base_path: '/api', ...(priority === undefined ? {} : { priority }) }
      return service({ name, version, openapi: openapiOf('A', ['GET /things']), manifest: { routing } })
    }
    const [first, second] = [await start(existing), await start(incoming)]
    const { gateway, registry } = await gatewayOf({}, first)
    registry.announce(recordsOf([first, second]))
    await waitFor(() => gateway.snapshot.standby.length === 1)
    expect(await (await gateway.request('/api/things')).json()).toMatchObject({ service: winner })
  },
)

test('of two services with one route the loser stands by, both are told, and it takes over when the winner goes', async () => {
  const [old, next] = await Promise.all(
    ['1.9.0', '1.10.0'].map((version, i) =>
      service({
        name: `api-${i}`,
        version,
        openapi: openapiOf('A', ['GET /things/{id}']),
        manifest: { routing: { strategy: 'custom', base_path: '/api' } },
      }),
    ),
  )
  const { gateway, registry } = await gatewayOf({ routeLinger: '0s' }, old!, next!)
  expect(await ask(gateway, '/api/things/1')).toMatchObject({ instance: next!.instanceId })
  expect(gateway.snapshot.standby.map(({ route, winner }) => [route.service, winner.service])).toEqual([['api-0', 'api-1']])
  registry.announce(recordsOf([old!]))
  await waitFor(() => gateway.snapshot.standby.length === 0)
  expect(await ask(gateway, '/api/things/1')).toMatchObject({ instance: old!.instanceId })
  registry.announce(recordsOf([old!, next!]))
  await waitFor(() => gateway.snapshot.standby.length === 1)
  next!.update({ manifest: { routing: { strategy: 'custom', base_path: '/api', priority: 10 } } })
  await waitFor(async () => ((await ask(gateway, '/api/things/1')) as Echo).instance === old!.instanceId)
})

test('clients name the version they want', async () => {
  const manifest = { routing: { strategy: 'service', versioning: { strategy: 'header', default_version: 'v1' } } }
  const versions = await Promise.all(
    ['1.4.0', '2.0.0'].map((version) =>
      service({
        name: 'users',
        version,
        instanceId: version,
        openapi: openapiOf('U', ['GET /people', ...(version === '2.0.0' ? ['GET /new'] : [])]),
        manifest,
      }),
    ),
  )
  const { gateway } = await gatewayOf({}, ...versions)
  const by = async (version?: string): Promise<string> =>
    ((await ask(gateway, '/users/people', version === undefined ? {} : { 'accept-version': version })) as Echo).instance
  expect(await Promise.all([by(), by('2.0.0'), by('v2'), by('2.0'), by('1'), by('9')])).toEqual([
    '1.4.0',
    '2.0.0',
    '2.0.0',
    '2.0.0',
    '1.4.0',
    '1.4.0',
  ])
  expect(await ask(gateway, '/users/new', { 'accept-version': '1' })).toMatchObject({ instance: '2.0.0' })
})

test('a shadow gets a marked copy; no client can pass its request for one', async () => {
  const marks: Record<string, (string | undefined)[]> = { main: [], shadow: [] }
  const noting =
    (name: string): FarpServiceOptions['handler'] =>
    (request, response) => {
      marks[name]!.push(request.headers['x-farp-shadow'] as string | undefined)
      response.end('{}')
    }
  const openapi = openapiOf('U', ['GET /people', 'POST /people'])
  const main = await service({ name: 'users', openapi, handler: noting('main')! })
  const shadow = await service({
    name: 'users',
    openapi,
    handler: noting('shadow')!,
    manifest: { instance: { address: 'x:1', status: 'healthy', role: 'shadow' } },
  })
  const { gateway } = await gatewayOf({ shadow: { enabled: true } }, main, shadow)
  for (const method of ['GET', 'POST', 'GET'])
    expect((await gateway.request('/users/people', { method, headers: { 'X-FARP-Shadow': 'true' } })).status).toBe(200)
  await waitFor(() => marks['shadow']!.length === 2)
  expect(marks).toEqual({ main: [undefined, undefined, undefined], shadow: ['true', 'true'] })
})

test('[R32] three instances get a new schema one by one, under load: nothing fails, and no route reaches an instance that has not got it', async () => {
  const wrong: string[] = []
  const make = (index: number): Promise<FarpService> =>
    service({ name: 'users', version: '1.0.0', instanceId: `i${index}`, openapi: openapiOf('U', ['GET /shared', 'GET /old']) })
  const instances = await Promise.all([0, 1, 2].map(make))
  const { gateway } = await gatewayOf({}, ...instances)
  const server = await serve(gateway, { port: 0, host: '127.0.0.1' })
  onTestFinished(() => server.close({ grace: 0 }))
  const upgraded = new Set<string>()
  let withOld = instances.length
  const isNewRouted = (): boolean => gateway.snapshot.routes.some(({ path }) => path === '/users/new')
  const over = new AbortController()
  let requests = 0
  const rounds = [0, 0]
  const client = async (_: unknown, index: number): Promise<void> => {
    for (; !over.signal.aborted; rounds[index]! += 1) {
      for (const path of ['/users/shared', '/users/old', '/users/new']) {
        const isExpected = path !== '/users/new' || isNewRouted()
        const response = await fetch(server.url + path)
        const { instance } = (await response.json()) as { instance?: string }
        requests += 1
        // What an instance has not got it answers with a 404 of its own, with its name; the gateway's own has none.
        const isUnrouted = response.status === 404 && instance === undefined
        const mayBeUnrouted = !isExpected || (path === '/users/old' && withOld === 0)
        if (response.status !== 200 && !(isUnrouted && mayBeUnrouted))
          wrong.push(`${path}: ${response.status} of ${instance ?? 'the gateway'}`)
      }
    }
  }
  const load = Promise.all(rounds.map(client))
  for (const instance of instances) {
    // As a deployment does: out of the rotation, replaced, back in it.
    withOld -= 1
    instance.update({ manifest: { instance: { address: 'x:1', status: 'draining' } } })
    await waitFor(() => statusOf(gateway, instance) === 'draining')
    // It is replaced when what was on its way to it has been answered.
    const before = [...rounds]
    await waitFor(() => rounds.every((count, index) => count >= before[index]! + 2))
    upgraded.add(instance.instanceId)
    instance.update({ version: '1.1.0', openapi: openapiOf('U', ['GET /shared', 'GET /new']) })
    instance.update({ manifest: { instance: { address: 'x:1', status: 'healthy' } } })
    await waitFor(() => statusOf(gateway, instance) === 'serving')
    await waitFor(isNewRouted)
    for (let i = 0; i < 5; i++) expect(upgraded.has(((await ask(gateway, '/users/new')) as Echo).instance)).toBe(true)
  }
  await waitFor(async () => (await ask(gateway, '/users/old')) === 404)
  over.abort()
  await load
  expect(wrong).toEqual([])
  expect(requests).toBeGreaterThan(50)
})

function statusOf(gateway: Gateway, { instanceId }: FarpService): string | undefined {
  return gateway.snapshot.sets.get('farp')?.[0]?.instances?.find(({ id }) => id === instanceId)?.status
}
