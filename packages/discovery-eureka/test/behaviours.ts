import { errorOf, idsOf, watched } from '../../../tests/support/finding.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eurekaDiscovery, type EurekaOptions } from '@octopus-gateway/discovery-eureka'
import { waitFor } from '@octopus-gateway/testing'
import { USER, type EurekaServer, type EurekaServerOptions, type OpenEureka } from '../../../tests/support/registries/eureka.ts'
import type { Gateway } from '@octopus-gateway/core'

const REGISTER = { app: 'edge', host: '10.1.1.1', port: 8080 }
const ID = '10.1.1.1:edge:8080'

const users = (instanceId: string) => ({ app: 'users', instanceId, hostName: '127.0.0.1', port: 8080 })

const watching = (options: EurekaOptions): Gateway => watched(eurekaDiscovery({ interval: 50, ...options }))

/** What the provider does with any Eureka: the stand-in, or a real one. */
export function testBehaviours(name: string, open: OpenEureka): void {
  async function eurekaWith(options: EurekaServerOptions = {}): Promise<EurekaServer> {
    const eureka = await open(options)
    onTestFinished(() => eureka[Symbol.asyncDispose]())
    return eureka
  }

  describe(`with ${name}`, () => {
    test('instances come, are taken out of service, and go', async () => {
      const eureka = await eurekaWith()
      await eureka.register(users('a'))
      const gateway = watching({ servers: [`${eureka.url}/`] })
      await waitFor(() => expect(idsOf(gateway)).toEqual(['a']))
      await eureka.register(users('b'))
      await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b']))
      await eureka.override('users', 'b', 'OUT_OF_SERVICE')
      await waitFor(() => expect(gateway.services.map(({ ready }) => ready)).toEqual([true, false]))
      await eureka.cancel('users', 'a')
      await waitFor(() => expect(idsOf(gateway)).toEqual(['b']))
    })

    test('metadata, ports and states are read as they are told', async () => {
      const eureka = await eurekaWith()
      const both = { port: { $: 8080, '@enabled': 'false' }, securePort: { $: 8443, '@enabled': 'true' } } as const
      await eureka.register({
        ...users('secure'),
        ...both,
        status: 'STARTING',
        metadata: { 'farp.enabled': 'true', version: 'v2', zone: 'a' },
      })
      await eureka.register({ ...users('nowhere'), port: { $: 8080, '@enabled': 'false' } })
      const gateway = watching({ servers: [eureka.url], zone: 'b' })
      await waitFor(() => expect(idsOf(gateway)).toEqual(['secure']))
      expect(gateway.services).toMatchObject([
        {
          service: 'users',
          port: 8443,
          secure: true,
          ready: false,
          version: 'v2',
          zone: 'a',
          metadata: { 'farp.enabled': 'true', 'octopus.priority': '1' },
        },
      ])
    })

    test('what is not its path, or not its user, is told apart', async () => {
      const eureka = await eurekaWith(USER)
      for (const [options, problem] of [
        [{ servers: [eureka.url.replace('/eureka', '/elsewhere')], ...USER }, /answered 404 .*check the path in servers/],
        [{ servers: [eureka.url] }, /answered 401 .*check username and password/],
      ] as const)
        expect(await errorOf(watching(options))).toMatch(problem)
    })

    test('the gateway registers, renews, registers again where it was forgotten, and takes it back at the end', async () => {
      const eureka = await eurekaWith(USER)
      const options = { servers: [eureka.url], ...USER, zone: 'a' }
      const gateway = watching({ ...options, register: { ...REGISTER, metadata: { team: 'core' }, heartbeat: 50 } })
      const own = () => eureka.get('edge', ID)
      await waitFor(own)
      expect(await own()).toMatchObject({
        app: 'EDGE',
        status: 'UP',
        vipAddress: 'edge',
        port: { $: 8080, '@enabled': 'true' },
        securePort: { '@enabled': 'false' },
        metadata: { zone: 'a', team: 'core' },
      })
      const { lastRenewalTimestamp, registrationTimestamp } = (await own())!.leaseInfo
      await waitFor(async () => (await own())!.leaseInfo.lastRenewalTimestamp > lastRenewalTimestamp)
      await eureka.cancel('edge', ID)
      await waitFor(async () => (await own())!.leaseInfo.registrationTimestamp > registrationTimestamp)
      await waitFor(() => expect(gateway.services.map(({ service }) => service)).toEqual(['edge']))
      await gateway[Symbol.asyncDispose]()
      await waitFor(async () => (await own()) === undefined)
      await waitFor(() => eureka.open === 0)
    })
  })
}
