import Client from 'consul'
import { CHECK, testConsul } from './consul.ts'
import { expect, onTestFinished, test } from 'vitest'
import { fakeConsul } from '../../../tests/support/registries/consul.ts'
import { startConsul, waitFor, type Consul } from '@octopus-gateway/testing'

testConsul('the stand-in of Consul', fakeConsul)

// And what a real one cannot be made to do, or not as quickly.

async function started(): Promise<{ readonly consul: Consul; readonly client: Client }> {
  const consul = await startConsul()
  const client = new Client({ host: '127.0.0.1', port: consul.port })
  onTestFinished(async () => {
    client.destroy()
    await consul[Symbol.asyncDispose]()
  })
  return { consul, client }
}

test('a check that stays critical takes its service along', async () => {
  const { client } = await started()
  const check = { ...CHECK, ttl: '150ms', status: 'passing', deregistercriticalserviceafter: '150ms' }
  await client.agent.service.register({ name: 'users', port: 1, check })
  await waitFor(async () => expect(await client.catalog.service.list()).toEqual({ consul: [] }))
  await expect(client.agent.check.pass({ id: 'service:users' })).rejects.toMatchObject({ statusCode: 404 })
})

test('an index that starts again answers the questions that wait, and clients begin at 0', async () => {
  const { consul, client } = await started()
  const changes: unknown[] = []
  const watch = client.watch({ method: client.catalog.service.list, options: { wait: '10s' } } as never)
  watch.on('change', (data: unknown) => void changes.push(data))
  await client.agent.service.register({ name: 'orders', port: 2 })
  await waitFor(() => expect(changes.at(-1)).toEqual({ consul: [], orders: [] }))
  // Until the client asks with the index that it has, it is not there to be told.
  const last = consul.catalog.indexOf('catalog')
  await waitFor(() => consul.requests.some(({ url }) => url.includes(`index=${last}`)))
  const { length } = consul.requests
  consul.catalog.restartIndex()
  await waitFor(() => consul.requests.slice(length).some(({ url }) => url.includes('index=0')))
  watch.end()
})
