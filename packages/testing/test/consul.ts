import Client from 'consul'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '@octopus-gateway/testing'
import type { ConsulServer, ConsulServerOptions, OpenConsul } from '../../../tests/support/registries/consul.ts'

/** What the types of the client ask for. */
export const CHECK = { name: 'check', timeout: '1s' }

const OWNER = '7d9c5a10-95c1-4c3e-8a0f-3b7c1d2e4f50'

/** What an independent client sees in a Consul: in the stand-in the same as in a real one. */
export function testConsul(name: string, open: OpenConsul): void {
  describe(name, () => {
    let consul: ConsulServer
    let client: Client
    const clients: Client[] = []

    async function start(options: ConsulServerOptions = {}): Promise<void> {
      consul = await open(options)
      client = clientOf()
    }

    function clientOf(token?: string): Client {
      const made = new Client({ host: '127.0.0.1', port: consul.port, ...(token === undefined ? {} : { defaults: { token } }) })
      clients.push(made)
      return made
    }

    /** An agent tells its servers of what it was told: that may take a moment. */
    const listed = (wanted: object, by = client): Promise<unknown> =>
      waitFor(async () => expect(await by.catalog.service.list()).toEqual(wanted))

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
      expect(await client.agent.service.list()).toMatchObject({
        'users-1': { Service: 'users', Port: 8080, Meta: { 'farp-enabled': 'true' } },
      })
      await waitFor(async () =>
        expect(await client.health.service('users')).toMatchObject([
          {
            Node: { Node: 'node-1', Address: '127.0.0.1', Datacenter: 'dc1' },
            Service: { ID: 'users-1', Service: 'users', Address: '10.0.0.7', Port: 8080, Weights: { Passing: 1, Warning: 1 } },
            Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'service:users-1', Name: 'alive', Status: 'passing', Type: 'ttl' }],
          },
        ]),
      )
      await listed({ consul: [], users: ['farp', 'blue'] })
      await client.agent.service.deregister('users-1')
      await listed({ consul: [] })
      await expect(client.agent.service.deregister('users-1')).rejects.toMatchObject({ statusCode: 404 })
    })

    test('tags, filters and passing choose', async () => {
      for (const [id, tags, team] of [
        ['a', ['blue'], 'core'],
        ['b', ['blue', 'farp'], 'shop'],
      ] as const)
        await client.agent.service.register({
          name: 'users',
          id,
          port: 1,
          tags: [...tags],
          meta: { team },
          check: { ...CHECK, ttl: '10s' },
        })
      await client.agent.check.pass({ id: 'service:b' })
      const found = async (options: object): Promise<unknown> =>
        ((await client.health.service({ service: 'users', ...options })) as { Service: { ID: string } }[]).map(({ Service }) => Service.ID)
      await waitFor(async () => expect([await found({}), await found({ passing: true })]).toEqual([['a', 'b'], ['b']]))
      expect(await found({ tag: 'farp' })).toEqual(['b'])
      expect(await found({ filter: 'Service.Meta.team == "core"' })).toEqual(['a'])
      expect(await found({ filter: '"farp" not in Service.Tags and "blue" in Service.Tags' })).toEqual(['a'])
      const senseless = await fetch(`http://${consul.address}/v1/health/service/users?filter=no+sense`)
      expect([senseless.status, await senseless.text()]).toEqual([500, expect.stringMatching(/boolean expression/)])
    })

    test('a TTL check turns critical unless it is renewed, and passes when it is', async () => {
      await client.agent.service.register({ name: 'users', port: 1, check: { ...CHECK, ttl: '600ms', status: 'passing' } })
      const told = (status: string, output: string): Promise<boolean> =>
        waitFor(async () => {
          const checks = (await client.health.checks('users')) as { Status: string; Output: string }[]
          return checks.some(({ Status, Output }) => Status === status && Output.startsWith(output))
        })
      await client.agent.check.warn({ id: 'service:users', note: 'slow' })
      await told('warning', 'slow')
      await told('critical', 'TTL expired')
      await client.agent.check.pass({ id: 'service:users' })
      await told('passing', '')
      await expect(client.agent.check.pass({ id: 'service:nobody' })).rejects.toMatchObject({ statusCode: 404 })
    })

    test('maintenance is a critical check', async () => {
      await client.agent.service.register({ name: 'users', port: 1 })
      await client.agent.service.maintenance({ id: 'users', enable: true, reason: 'repair' })
      const checks = (wanted: object[]): Promise<unknown> =>
        waitFor(async () => expect(await client.health.checks('users')).toMatchObject(wanted))
      await checks([{ CheckID: '_service_maintenance:users', Status: 'critical', Notes: 'repair' }])
      await client.agent.service.maintenance({ id: 'users', enable: false })
      await checks([])
    })

    test('a blocking query waits for what is newer, and for no longer than it may', async () => {
      await client.agent.service.register({ name: 'users', port: 1 })
      await listed({ consul: [], users: [] })
      const changes: unknown[] = []
      const watch = client.watch({ method: client.catalog.service.list, options: { wait: '10s' } } as never)
      watch.on('change', (data: unknown) => void changes.push(data))
      const errors: unknown[] = []
      watch.on('error', (error: unknown) => void errors.push(error))
      await waitFor(() => changes.length === 1)
      await client.agent.service.register({ name: 'orders', port: 2 })
      await waitFor(() => expect(changes.at(-1)).toEqual({ consul: [], users: [], orders: [] }))
      watch.end()
      expect(errors).toEqual([])
      const answer = await fetch(`http://${consul.address}/v1/catalog/services`)
      const index = answer.headers.get('x-consul-index')!
      const begun = performance.now()
      expect(await client.catalog.service.list({ index, wait: '100ms' } as never)).toEqual({ consul: [], users: [], orders: [] })
      expect(performance.now() - begun).toBeGreaterThanOrEqual(95)
    })

    test('a registration without news is no change', async () => {
      const indexOf = async (): Promise<number> =>
        Number((await fetch(`http://${consul.address}/v1/health/service/orders`)).headers.get('x-consul-index'))
      await client.agent.service.register({ name: 'orders', port: 2 })
      await listed({ consul: [], orders: [] })
      const before = await indexOf()
      await client.agent.service.register({ name: 'orders', port: 2 })
      // Told in turn: when this one is known, the other one was seen.
      await client.agent.service.register({ name: 'users', port: 2 })
      await listed({ consul: [], orders: [], users: [] })
      expect(await indexOf()).toBe(before)
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
      await expect(consul.register({ Name: 'users', Meta: { 'farp.enabled': 'true' } })).rejects.toThrow(/Key contains invalid characters/)
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
      await start({ token: OWNER })
      const owner = clientOf(OWNER)
      await owner.agent.service.register({ name: 'users', port: 1 })
      await listed({ consul: [], users: [] }, owner)
      await expect(clientOf('wrong').catalog.service.list()).rejects.toThrow(/ACL not found/)
      await expect(client.agent.service.register({ name: 'x', port: 1 })).rejects.toMatchObject({ statusCode: 403 })
      const answer = await fetch(`http://${consul.address}/v1/catalog/services`)
      // That something is hidden is told to those who have a token only.
      const told = (name: string): string | null => answer.headers.get(`x-consul-${name}`)
      expect([await answer.json(), told('results-filtered-by-acls'), told('default-acl-policy')]).toEqual([{}, null, 'deny'])
    })

    test('a token that sees only a part is told so', async () => {
      await consul[Symbol.asyncDispose]()
      await start({ token: OWNER })
      await consul.register({ Name: 'users', Port: 1 })
      await consul.register({ Name: 'orders', Port: 1 })
      await listed({ consul: [], users: [], orders: [] }, clientOf(OWNER))
      const token = await consul.tokenFor('users')
      const ask = async (path: string): Promise<readonly [isFiltered: boolean, value: unknown]> => {
        const answer = await fetch(`http://${consul.address}/v1/${path}`, { headers: { 'x-consul-token': token } })
        return [answer.headers.get('x-consul-results-filtered-by-acls') === 'true', await answer.json()]
      }
      expect(await ask('catalog/services')).toEqual([true, { users: [] }])
      expect(await ask('health/service/orders')).toEqual([true, []])
      expect(await ask('health/service/users')).toMatchObject([false, [{ Service: { Service: 'users' } }]])
    })

    test('it can be away, and be back with what changed meanwhile', async () => {
      await consul.stop()
      await expect(client.catalog.service.list()).rejects.toThrow()
      await consul.register({ Name: 'users', Port: 1 })
      await consul.start()
      await listed({ consul: [], users: [] })
    })
  })
}
