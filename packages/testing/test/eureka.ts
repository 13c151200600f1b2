import { Eureka as Client } from 'eureka-js-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { promisify } from 'node:util'
import { waitFor } from '@octopus-gateway/testing'
import { USER, type EurekaServer, type EurekaServerOptions, type OpenEureka } from '../../../tests/support/registries/eureka.ts'

interface ClientOptions {
  readonly port: number
  readonly shouldUseDelta?: boolean
  /** `name:password@`. */
  readonly auth?: string
}

/** A client that others wrote, registered. */
export async function startedClient(eureka: { readonly port: number }, app: string, more: ClientOptions): Promise<Client> {
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

export const stopped = (client: Client): Promise<unknown> => promisify((done: (error?: Error) => void) => client.stop(done))()
const portsOf = (client: Client, app: string): number[] =>
  client
    .getInstancesByAppId(app)
    .map(({ port }) => port.$)
    .sort()

/** What an independent client sees in a Eureka: in the stand-in the same as in a real one. */
export function testEureka(name: string, open: OpenEureka): void {
  async function server(options: EurekaServerOptions = {}): Promise<EurekaServer> {
    const eureka = await open(options)
    onTestFinished(() => eureka[Symbol.asyncDispose]())
    return eureka
  }

  describe(name, () => {
    test.each([false, true])('clients register, renew, find each other and go; with changes only: %s', async (shouldUseDelta) => {
      const eureka = await server()
      const first = await startedClient(eureka, 'users', { port: 8081, shouldUseDelta })
      const second = await startedClient(eureka, 'users', { port: 8082, shouldUseDelta })
      await waitFor(() => expect(portsOf(first, 'USERS')).toEqual([8081, 8082]))
      expect(first.getInstancesByAppId('users')[0]).toMatchObject({ status: 'UP', metadata: { 'farp.enabled': 'true' }, app: 'USERS' })
      const renewedAt = async (): Promise<number> => (await eureka.get('users', 'users-8081'))!.leaseInfo.lastRenewalTimestamp
      const renewed = await renewedAt()
      await waitFor(async () => (await renewedAt()) > renewed)
      await stopped(second)
      await waitFor(() => expect(portsOf(first, 'users')).toEqual([8081]))
      await stopped(first)
      expect(await eureka.get('users', 'users-8081')).toBeUndefined()
    })

    test('a client that the server has forgotten registers again', async () => {
      const eureka = await server()
      const client = await startedClient(eureka, 'users', { port: 8081 })
      const { registrationTimestamp } = (await eureka.get('users', 'users-8081'))!.leaseInfo
      await eureka.cancel('users', 'users-8081')
      await waitFor(async () => (await eureka.get('users', 'users-8081'))!.leaseInfo.registrationTimestamp > registrationTimestamp)
      await stopped(client)
    })

    test('credentials are asked for', async () => {
      const eureka = await server(USER)
      await expect(startedClient(eureka, 'users', { port: 8081 })).rejects.toThrow(/401/)
      await stopped(await startedClient(eureka, 'users', { port: 8081, auth: `${USER.username}:${USER.password}@` }))
    })

    test('the hash tells how many there are of each status, and an override changes it', async () => {
      const eureka = await server()
      for (const instanceId of ['a', 'b', 'c']) await eureka.register({ app: 'users', instanceId, hostName: 'h', port: 1 })
      const hash = async (path: string): Promise<unknown> => {
        const response = await fetch(eureka.url + path, { headers: { accept: 'application/json' } })
        return ((await response.json()) as { applications: { apps__hashcode: string } }).applications.apps__hashcode
      }
      const told = (wanted: string): Promise<unknown> =>
        waitFor(async () => expect([await hash('/apps'), await hash('/apps/delta')]).toEqual([wanted, wanted]))
      const status = async (path: string, method: string): Promise<number> => (await fetch(eureka.url + path, { method })).status
      await told('UP_3_')
      expect(await status('/apps/users/b/status?value=OUT_OF_SERVICE', 'PUT')).toBe(200)
      await told('OUT_OF_SERVICE_1_UP_2_')
      expect(await status('/apps/users/b/status?value=UP', 'DELETE')).toBe(200)
      await told('UP_3_')
      // Without a status to go back to it has none, and is told to register again.
      expect(await status('/apps/users/b/status?value=DOWN', 'PUT')).toBe(200)
      expect(await status('/apps/users/b/status', 'DELETE')).toBe(200)
      await told('UNKNOWN_1_UP_2_')
      expect([await status('/apps/users/b', 'PUT'), await status('/apps/users/a', 'PUT')]).toEqual([404, 200])
      for (const [path, method] of [
        ['', 'PUT'],
        ['', 'DELETE'],
        ['/status?value=UP', 'PUT'],
        ['/status?value=UP', 'DELETE'],
      ] as const)
        expect(await status(`/apps/users/nobody${path}`, method)).toBe(404)
    })

    test('what is there is told as clients expect it, the same in the list, among the changes and by itself', async () => {
      const eureka = await server()
      await eureka.register({ app: 'users', instanceId: 'first', hostName: 'h', port: 1, metadata: { version: 'v1' } })
      await eureka.register({ app: 'orders', instanceId: 'other', hostName: 'h', port: 2, securePort: { $: 3, '@enabled': true } })
      const ask = async (path: string): Promise<unknown> =>
        (await fetch(eureka.url + path, { headers: { accept: 'application/json' } })).json()
      const a = {
        instanceId: 'first',
        app: 'USERS',
        hostName: 'h',
        status: 'UP',
        overriddenStatus: 'UNKNOWN',
        port: { $: 1, '@enabled': 'true' },
        securePort: { '@enabled': 'false' },
        metadata: { version: 'v1' },
        dataCenterInfo: { name: 'MyOwn' },
        isCoordinatingDiscoveryServer: 'false',
      }
      const b = { instanceId: 'other', app: 'ORDERS', port: { $: 2, '@enabled': 'true' }, securePort: { $: 3, '@enabled': 'true' } }
      for (const path of ['/apps', '/apps/delta'])
        await waitFor(async () => {
          const { applications } = (await ask(path)) as {
            applications: { application: { name: string; instance: { instanceId: string }[] }[] }
          }
          const found = applications.application.flatMap(({ instance }) => instance)
          expect(applications.application.map((one) => one.name)).toEqual(expect.arrayContaining(['ORDERS', 'USERS']))
          expect(found.find(({ instanceId }) => instanceId === 'first')).toMatchObject({ ...a, actionType: 'ADDED' })
          return expect(found.find(({ instanceId }) => instanceId === 'other')).toMatchObject({ ...b, actionType: 'ADDED' })
        })
      expect(await ask('/apps/users/first')).toMatchObject({ instance: a })
      expect((await fetch(`${eureka.url}/apps/users/nobody`)).status).toBe(404)
    })

    test('a registration that lacks something is refused', async () => {
      const eureka = await server()
      const dataCenterInfo = { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' }
      const whole = { app: 'USERS', instanceId: 'a', hostName: 'h', ipAddr: '10.0.0.1', dataCenterInfo }
      const register = async (instance: object): Promise<number> =>
        (
          await fetch(`${eureka.url}/apps/USERS`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ instance }),
          })
        ).status
      for (const wrong of [
        { hostName: undefined },
        { ipAddr: undefined },
        { app: 'ORDERS' },
        { dataCenterInfo: undefined },
        { dataCenterInfo: { name: 'MyOwn' } },
      ])
        expect([wrong, await register({ ...whole, ...wrong })]).toEqual([wrong, 400])
      expect(await register(whole)).toBe(204)
      expect(await eureka.get('users', 'a')).toMatchObject({ status: 'UP', metadata: {}, port: { $: 7001, '@enabled': 'true' } })
    })
  })
}
