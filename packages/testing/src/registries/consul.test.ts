import Client from 'consul'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startConsul, type Consul, type ConsulOptions } from './consul.ts'
import { waitFor } from '../wait-for.ts'

// An independent client of Consul sees in the fake what it would see in Consul.

/** What the types of the client ask for. */
const CHECK = { name: 'check', timeout: '1s' }

let consul: Consul
let client: Client
const clients: Client[] = []

async function start(options: ConsulOptions = {}): Promise<void> {
  consul = await startConsul(options)
  client = clientOf()
}

function clientOf(token?: string): Client {
  const made = new Client({ host: '127.0.0.1', port: consul.port, ...(token === undefined ? {} : { defaults: { token } }) })
  clients.push(made)
  return made
}

beforeEach(() => start())
afterEach(async () => {
  for (const one of clients.splice(0)) one.destroy()
  await consul[Symbol.asyncDispose]()
})

test('a service is registered, listed, found with its checks, and deregistered', async () => {
  await client.agent.service.register({
    name: 'users',
    id: 'users-1',
    address: '10.0.0.7',
    port: 8080,
    tags: ['farp', 'blue'],
    meta: { 'farp-enabled': 'true' },
    check: { ...CHECK, name: 'alive', ttl: '10s', status: 'passing', deregistercriticalserviceafter: '1m' },
  })
  expect(await client.agent.service.list()).toMatchObject({ 'users-1': { Service: 'users', Port: 8080, Meta: { 'farp-enabled': 'true' } } })
  expect(await client.catalog.service.list()).toEqual({ consul: [], users: ['farp', 'blue'] })
  expect(await client.health.service('users')).toMatchObject([
    {
      Node: { Node: 'node-1', Address: '127.0.0.1', Datacenter: 'dc1' },
      Service: { ID: 'users-1', Service: 'users', Address: '10.0.0.7', Port: 8080, Weights: { Passing: 1, Warning: 1 } },
      Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'service:users-1', Name: 'alive', Status: 'passing', Type: 'ttl' }],
    },
  ])
  await client.agent.service.deregister('users-1')
  expect(await client.catalog.service.list()).toEqual({ consul: [] })
  await expect(client.agent.service.deregister('users-1')).rejects.toMatchObject({ statusCode: 404 })
})

test('tags, filters and passing choose', async () => {
  for (const [id, tags, team] of [
    ['a', ['blue'], 'core'],
    ['b', ['blue', 'farp'], 'shop'],
  ] as const)
    await client.agent.service.register({ name: 'users', id, port: 1, tags: [...tags], meta: { team }, check: { ...CHECK, ttl: '10s' } })
  await client.agent.check.pass({ id: 'service:b' })
  const found = async (options: object): Promise<unknown> =>
    ((await client.health.service({ service: 'users', ...options })) as { Service: { ID: string } }[]).map(({ Service }) => Service.ID)
  expect(await found({})).toEqual(['a', 'b'])
  expect(await found({ passing: true })).toEqual(['b'])
  expect(await found({ tag: 'farp' })).toEqual(['b'])
  expect(await found({ filter: 'Service.Meta.team == "core"' })).toEqual(['a'])
  expect(await found({ filter: '"farp" not in Service.Tags and "blue" in Service.Tags' })).toEqual(['a'])
  await expect(found({ filter: 'no sense' })).rejects.toThrow(/boolean expression/)
})

test('a TTL check turns critical unless it is renewed, and takes its service along', async () => {
  const check = { ...CHECK, ttl: '150ms', status: 'passing', deregistercriticalserviceafter: '150ms' }
  await client.agent.service.register({ name: 'users', port: 1, check })
  const status = async (): Promise<unknown> =>
    ((await client.health.checks('users')) as { Status: string; Output: string }[]).map(({ Status, Output }) => [Status, Output])
  await client.agent.check.warn({ id: 'service:users', note: 'slow' })
  expect(await status()).toEqual([['warning', 'slow']])
  await waitFor(async () => expect(await status()).toEqual([['critical', 'TTL expired']]))
  await client.agent.check.pass({ id: 'service:users' })
  expect(await status()).toEqual([['passing', '']])
  await waitFor(async () => expect(await client.catalog.service.list()).toEqual({ consul: [] }))
  await expect(client.agent.check.pass({ id: 'service:users' })).rejects.toMatchObject({ statusCode: 404 })
})

test('maintenance is a critical check', async () => {
  await client.agent.service.register({ name: 'users', port: 1 })
  await client.agent.service.maintenance({ id: 'users', enable: true, reason: 'repair' })
  expect(await client.health.checks('users')).toMatchObject([
    { CheckID: '_service_maintenance:users', Status: 'critical', Notes: 'repair' },
  ])
  await client.agent.service.maintenance({ id: 'users', enable: false })
  expect(await client.health.checks('users')).toEqual([])
})

test('a blocking query waits for what is newer, and for no longer than it may', async () => {
  await client.agent.service.register({ name: 'users', port: 1 })
  const changes: unknown[] = []
  const watch = client.watch({ method: client.catalog.service.list, options: { wait: '10s' } } as never)
  watch.on('change', (data: unknown) => void changes.push(data))
  const errors: unknown[] = []
  watch.on('error', (error: unknown) => void errors.push(error))
  await waitFor(() => changes.length === 1)
  await client.agent.service.register({ name: 'orders', port: 2 })
  await waitFor(() => changes.length === 2)
  // The same again is no change.
  await client.agent.service.register({ name: 'orders', port: 2 })
  // The index starts again: the client begins at 0. Until it asks with the index that it has, it is not there to be told.
  const last = consul.catalog.indexOf('catalog')
  await waitFor(() => consul.requests.some(({ url }) => url.includes(`index=${last}`)))
  consul.catalog.restartIndex()
  await waitFor(() => changes.length >= 3)
  watch.end()
  expect([changes.at(-1), errors]).toEqual([{ consul: [], users: [], orders: [] }, []])
  expect(consul.requests.filter(({ url }) => url.includes('/catalog/services')).map(({ url }) => /index=(\d+)/.exec(url)?.[1])).toContain(
    '0',
  )
  const begun = performance.now()
  const index = String(consul.catalog.indexOf('catalog'))
  expect(await client.catalog.service.list({ index, wait: '100ms' } as never)).toEqual({ consul: [], users: [], orders: [] })
  expect(performance.now() - begun).toBeGreaterThanOrEqual(95)
})

test('the key-value store', async () => {
  expect(await client.kv.set('services/users/openapi', '{"openapi":"3.1.0"}')).toBe(true)
  const first = (await client.kv.get('services/users/openapi')) as { Value: string; ModifyIndex: number; CreateIndex: number }
  expect(first).toMatchObject({ Key: 'services/users/openapi', Value: '{"openapi":"3.1.0"}' })
  await client.kv.set('services/users/openapi', '{}')
  const second = (await client.kv.get('services/users/openapi')) as typeof first
  expect(second.ModifyIndex).toBeGreaterThan(first.ModifyIndex)
  expect(second.CreateIndex).toBe(first.CreateIndex)
  expect(await client.kv.keys('services/')).toEqual(['services/users/openapi'])
  await expect(client.kv.set('big', 'x'.repeat(512 * 1024 + 1))).rejects.toThrow(/too large/)
  await client.kv.del('services/users/openapi')
  expect(await client.kv.get('services/users/openapi')).toBeUndefined()
})

test('what Consul refuses is refused: metadata, other datacenters, namespaces, contradictions', async () => {
  const register = (meta: Record<string, string>): Promise<unknown> => client.agent.service.register({ name: 'users', port: 1, meta })
  await expect(register({ 'farp.enabled': 'true' })).rejects.toMatchObject({ statusCode: 400 })
  await expect(register({ long: 'x'.repeat(513) })).rejects.toMatchObject({ statusCode: 400 })
  expect(() => consul.register({ Name: 'users', Meta: { 'farp.enabled': 'true' } })).toThrow(/Key contains invalid characters/)
  await expect(client.catalog.service.list({ dc: 'dc2' })).rejects.toThrow(/No path to datacenter/)
  for (const [query, text] of [
    ['ns=team', /Enterprise feature/],
    ['stale&consistent', /conflicting semantics/],
  ] as const) {
    const answer = await fetch(`http://${consul.address}/v1/catalog/services?${query}`)
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(text)])
  }
})

test('tokens: unknown ones are refused, without one nothing is seen', async () => {
  await consul[Symbol.asyncDispose]()
  await start({ tokens: ['s3cret'] })
  const owner = clientOf('s3cret')
  await owner.agent.service.register({ name: 'users', port: 1 })
  expect(await owner.catalog.service.list()).toEqual({ consul: [], users: [] })
  await expect(clientOf('wrong').catalog.service.list()).rejects.toThrow(/ACL not found/)
  await expect(client.agent.service.register({ name: 'x', port: 1 })).rejects.toMatchObject({ statusCode: 403 })
  const answer = await fetch(`http://${consul.address}/v1/catalog/services`)
  expect([await answer.json(), answer.headers.get('x-consul-results-filtered-by-acls')]).toEqual([{}, 'true'])
})

test('it can be away, and be back with what changed meanwhile', async () => {
  await consul.stop()
  await expect(client.catalog.service.list()).rejects.toThrow()
  consul.register({ Name: 'users', Port: 1 })
  await consul.start()
  expect(await client.catalog.service.list()).toEqual({ consul: [], users: [] })
})
