import { afterAll, beforeAll, describe } from 'vitest'
import { Etcd } from '../../../tests/support/etcd.ts'
import { etcdDiscovery } from '@octopus-gateway/discovery-etcd'
import { Relay } from '../../../tests/support/relay.ts'
import { requireComponent } from '../../../tests/support/components.ts'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import type { Registered } from '@octopus-gateway/core/testing'

const program = requireComponent('etcd')

describe.skipIf(program === undefined)('a real etcd', () => {
  let etcd: Etcd
  let count = 0
  beforeAll(async () => void (etcd = await Etcd.start(program!)))
  afterAll(() => etcd[Symbol.asyncDispose]())

  testDiscoveryProvider('etcd', async () => {
    const relay = await Relay.to(etcd.port)
    const prefix = `/test-${(count += 1)}/services/`
    const endpoints = [`http://127.0.0.1:${relay.port}`]
    const keyOf = ({ service, id }: Registered): string => `${prefix}${service}/${id}`
    const provider = (): ReturnType<typeof etcdDiscovery> => etcdDiscovery({ endpoints, prefixes: [prefix] })
    return {
      provider,
      put: (instance) => {
        const { service, id, host, port, metadata = {} } = instance
        return etcd.put(keyOf(instance), { id, name: service, address: host, port, metadata, status: 'passing' })
      },
      remove: (instance) => etcd.remove(keyOf(instance)),
      stop: () => relay.shut(),
      start: () => relay.open(),
      connections: () => relay.connections,
      [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
    }
  })
})

describe.skipIf(program === undefined)('a real etcd with users', () => {
  let etcd: Etcd
  beforeAll(async () => {
    etcd = await Etcd.start(program!)
    await etcd.demandUsers()
  })
  afterAll(() => etcd[Symbol.asyncDispose]())

  testDiscoveryProvider('etcd, with users,', async () => {
    const relay = await Relay.to(etcd.port)
    const endpoints = [`http://127.0.0.1:${relay.port}`]
    const { token } = await etcd.ask('auth/authenticate', { name: 'root', password: 'for-root' })
    const prefix = `/${Math.random()}/services/`
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const keyOf = ({ service, id }: Registered): string => base64(`${prefix}${service}/${id}`)
    const options = { endpoints, prefixes: [prefix], username: 'root' }
    return {
      provider: () => etcdDiscovery({ ...options, password: 'for-root' }),
      put: async (instance) => {
        const { service, id, host, port, metadata } = instance
        const value = base64(JSON.stringify({ id, service_name: service, address: host, port, metadata, status: 'healthy' }))
        await etcd.ask('kv/put', { key: keyOf(instance), value }, String(token))
      },
      remove: async (instance) => void (await etcd.ask('kv/deleterange', { key: keyOf(instance) }, String(token))),
      stop: () => relay.shut(),
      start: () => relay.open(),
      connections: () => relay.connections,
      refused: () => ({ provider: etcdDiscovery({ ...options, password: 'a-wrong-password' }), secret: 'a-wrong-password' }),
      [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
    }
  })
})
