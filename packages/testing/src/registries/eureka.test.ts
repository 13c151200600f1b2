import { Eureka as Client } from 'eureka-js-client'
import { expect, onTestFinished, test } from 'vitest'
import { promisify } from 'node:util'
import { startEureka, type Eureka, type EurekaOptions } from './eureka.ts'
import { waitFor } from '../wait-for.ts'

// An independent client of Eureka does with the fake what it does with Eureka.

async function server(options: EurekaOptions = {}): Promise<Eureka> {
  const eureka = await startEureka(options)
  onTestFinished(() => eureka[Symbol.asyncDispose]())
  return eureka
}

async function started(eureka: Eureka, app: string, more: { port: number; shouldUseDelta?: boolean; auth?: string }): Promise<Client> {
  const silent = { warn() {}, info() {}, debug() {}, error() {} }
  const client = new Client({
    instance: {
      app,
      instanceId: `${app}-${more.port}`,
      hostName: '127.0.0.1',
      ipAddr: '127.0.0.1',
      port: { $: more.port, '@enabled': true },
      vipAddress: app,
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      metadata: { 'farp.enabled': 'true' },
    },
    eureka: {
      serviceUrls: { default: [`http://${more.auth ?? ''}127.0.0.1:${eureka.port}/eureka/apps/`] },
      heartbeatInterval: 50,
      registryFetchInterval: 50,
      maxRetries: 0,
      registerWithEureka: true,
    },
    shouldUseDelta: more.shouldUseDelta ?? false,
    logger: silent,
  })
  await promisify((done: (error?: Error) => void) => client.start(done))()
  return client
}

const stopped = (client: Client): Promise<unknown> => promisify((done: (error?: Error) => void) => client.stop(done))()
const portsOf = (client: Client, app: string): number[] =>
  client
    .getInstancesByAppId(app)
    .map(({ port }) => port.$)
    .sort()

test.each([false, true])('clients register, renew, find each other and go; with changes only: %s', async (shouldUseDelta) => {
  const eureka = await server()
  const first = await started(eureka, 'users', { port: 8081, shouldUseDelta })
  const second = await started(eureka, 'users', { port: 8082, shouldUseDelta })
  await waitFor(() => expect(portsOf(first, 'USERS')).toEqual([8081, 8082]))
  expect(first.getInstancesByAppId('users')[0]).toMatchObject({ status: 'UP', metadata: { 'farp.enabled': 'true' }, app: 'USERS' })
  const renewed = eureka.registry.renewedAt('users', 'users-8081')!
  await waitFor(() => eureka.registry.renewedAt('users', 'users-8081')! > renewed)
  await stopped(second)
  await waitFor(() => expect(portsOf(first, 'users')).toEqual([8081]))
  expect(eureka.requests.some((line) => line.endsWith('/apps/delta'))).toBe(shouldUseDelta)
  await stopped(first)
  expect(eureka.registry.get('users', 'users-8081')).toBeUndefined()
})

test('a client that the server has forgotten registers again', async () => {
  const eureka = await server()
  const client = await started(eureka, 'users', { port: 8081 })
  eureka.registry.clear()
  await waitFor(() => eureka.registry.get('users', 'users-8081') !== undefined)
  await stopped(client)
})

test('credentials are asked for', async () => {
  const eureka = await server({ username: 'ann', password: 'pw' })
  await expect(started(eureka, 'users', { port: 8081 })).rejects.toThrow(/401/)
  await stopped(await started(eureka, 'users', { port: 8081, auth: 'ann:pw@' }))
})

test('the hash tells how many there are of each status, and an override changes it', async () => {
  const eureka = await server()
  for (const instanceId of ['a', 'b', 'c']) eureka.registry.register({ app: 'users', instanceId, hostName: 'h', port: 1 })
  const hash = async (path: string): Promise<unknown> =>
    ((await (await fetch(eureka.url + path)).json()) as { applications: { apps__hashcode: string } }).applications.apps__hashcode
  expect([await hash('/apps'), await hash('/apps/delta')]).toEqual(['UP_3_', 'UP_3_'])
  expect((await fetch(`${eureka.url}/apps/users/b/status?value=OUT_OF_SERVICE`, { method: 'PUT' })).status).toBe(200)
  expect(await hash('/apps')).toBe('OUT_OF_SERVICE_1_UP_2_')
  expect((await fetch(`${eureka.url}/apps/users/b/status`, { method: 'DELETE' })).status).toBe(200)
  expect(await hash('/apps')).toBe('UP_3_')
  expect((await fetch(`${eureka.url}/apps/users/nobody`, { method: 'PUT' })).status).toBe(404)
})
