import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import { serve } from '@octopus-gateway/node'
import type { DiscoveryProvider, Gateway, ServiceSet } from '@octopus-gateway/core'
import type { FarpService } from '@octopus-gateway/testing'

const asStatic = (...services: readonly FarpService[]): DiscoveryProvider =>
  staticDiscovery(services.map(({ name, port }) => ({ name, address: '127.0.0.1', port })))

interface Echo {
  readonly instance: string
  readonly url: string
  readonly params: Readonly<Record<string, string>>
}

async function echo(gateway: Gateway, path: string): Promise<Echo> {
  const response = await gateway.request(path)
  expect(response.status, path).toBe(200)
  return (await response.json()) as Echo
}

test('discovered, routed, served', async () => {
  const openapi = openapiOf('Users', ['GET /users', 'GET /users/{id}', 'GET /items:batch', 'GET /files/{name}.json', 'GET /odd/*'])
  await using users = await startFarpService({ name: 'users', openapi })
  await using gateway = createGateway({ discovery: [asStatic(users)], sources: [farp({ watchInterval: '50ms' })] })
  await gateway.synced
  expect(await echo(gateway, '/users/users/7?x=1')).toMatchObject({ url: '/users/7?x=1', params: { id: '7' } })
  expect(await echo(gateway, '/users/items:batch')).toMatchObject({ url: '/items:batch' })
  // The test service knows no partly literal segments: its own 404 shows that the request came through.
  expect(await (await gateway.request('/users/files/a.json')).json()).toMatchObject({ error: 'not found', service: 'users' })
  expect(await echo(gateway, '/users/odd/*')).toMatchObject({ url: '/odd/*' })
  for (const path of ['/users/odd/anything', '/users/files/a.xml', '/users/nothing']) {
    expect(await (await gateway.request(path)).json(), path).toMatchObject({ code: 'ROUTE_NOT_FOUND' })
  }
  const federated = (await gateway.federated('openapi')) as { paths: object }
  expect(Object.keys(federated.paths)).toContain('/users/users/{id}')
})

test('every mount reaches the service at its own paths', async () => {
  const openapi = openapiOf('S', ['GET /x/{id}'])
  for (const [routing, path, host] of [
    [{ strategy: 'root' }, '/x/1', undefined],
    [{ strategy: 'versioned' }, '/s/1.0.0/x/1', undefined],
    [{ strategy: 'instance' }, '/i-1/x/1', undefined],
    [{ strategy: 'custom', base_path: 'deep/er' }, '/deep/er/x/1', undefined],
    [{ strategy: 'subdomain', subdomain: 'shop' }, '/x/1', 'shop.example.com'],
  ] as const) {
    await using service = await startFarpService({ name: 's', instanceId: 'i-1', openapi, manifest: { routing } })
    await using gateway = createGateway({ discovery: [asStatic(service)], sources: [farp({ domain: 'example.com' })] })
    await gateway.synced
    const response = await gateway.fetch(new Request(`http://${host ?? 'gateway.test'}${path}`))
    expect(response.status, path).toBe(200)
    expect(await response.json()).toMatchObject({ url: '/x/1' })
    if (host !== undefined) expect((await gateway.request(path)).status).toBe(404)
  }
})

test('[R32] a rolling deployment loses no request', async () => {
  const make = (version: string, ...paths: string[]): Promise<FarpService> =>
    startFarpService({ name: 'users', version, openapi: openapiOf('U', paths) })
  await using old = await make('1.0.0', 'GET /shared', 'GET /old')
  await using fresh = await make('1.1.0', 'GET /shared', 'GET /new')
  const records = (...services: readonly FarpService[]): ServiceSet =>
    services.map(({ instanceId: id, port }) => ({
      id,
      service: 'users',
      host: '127.0.0.1',
      port,
      secure: false,
      ready: true,
      weight: 1,
      metadata: {},
    }))
  let announce: (set: ServiceSet) => void = () => {}
  const discovery: DiscoveryProvider = {
    name: 'static',
    async *watch(signal) {
      yield records(old)
      while (!signal.aborted) {
        yield await new Promise<ServiceSet>((resolve) => {
          announce = resolve
          signal.addEventListener('abort', () => resolve([]), { once: true })
        })
      }
    },
  }
  await using gateway = createGateway({ discovery: [discovery], sources: [farp({ watchInterval: '50ms', routeLinger: '1s' })] })
  await gateway.synced
  await using server = await serve(gateway, { port: 0, host: '127.0.0.1' })
  const finished = new AbortController()
  const statuses: number[] = []
  const load = (async () => {
    while (!finished.signal.aborted) {
      const response = await fetch(`${server.url}/users/shared`)
      await response.arrayBuffer()
      statuses.push(response.status)
    }
  })()
  const paths = async (path: string): Promise<number> => (await fetch(server.url + path)).status
  announce(records(old, fresh))
  await waitFor(async () => (await paths('/users/new')) === 200)
  for (let i = 0; i < 10; i++) expect([await paths('/users/old'), await paths('/users/new')]).toEqual([200, 200])
  announce(records(fresh))
  await waitFor(async () => (await paths('/users/old')) === 404)
  await old.stop()
  for (let i = 0; i < 20; i++) expect(await paths('/users/shared')).toBe(200)
  finished.abort()
  await load
  expect(statuses.length).toBeGreaterThan(20)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})
