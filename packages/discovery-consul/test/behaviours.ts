import { consulDiscovery, type ConsulOptions } from '@octopus-gateway/discovery-consul'
import { errorOf, watched, type Line } from '../../../tests/support/finding.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { testCertificates, waitFor } from '@octopus-gateway/testing'
import type { ConsulServer, ConsulServerOptions, OpenConsul } from '../../../tests/support/registries/consul.ts'
import type { Gateway } from '@octopus-gateway/core'

const OWNER = '0f4d3a54-0b34-4d8e-9a9c-1c7a35f4a001'

const ids = ({ services }: Gateway): string[] => services.map(({ id }) => id.split('/')[1]!)

const watching = (options: ConsulOptions, lines?: Line[]): Gateway => watched(consulDiscovery(options), lines)

/** What the provider does with any Consul: the stand-in, or a real one. */
export function testBehaviours(name: string, open: OpenConsul): void {
  async function consulWith(options: ConsulServerOptions = {}): Promise<ConsulServer> {
    const consul = await open(options)
    onTestFinished(() => consul[Symbol.asyncDispose]())
    return consul
  }

  describe(`with ${name}`, () => {
    test('without a token where one is needed the reason is said, although Consul only hides everything', async () => {
      const consul = await consulWith({ token: OWNER })
      await consul.register({ Name: 'users', Port: 1 })
      const gateway = watching({ address: consul.address })
      expect(await errorOf(gateway)).toMatch(/shows nothing without a token: access denied; give one in token/)
      expect(gateway.isSynced).toBe(false)
    })

    test('a token that sees only a part: what it sees is there, and a line says once that there is more', async () => {
      const consul = await consulWith({ token: OWNER })
      const token = await consul.tokenFor('users')
      await consul.register({ Name: 'users', Port: 1 })
      await consul.register({ Name: 'orders', Port: 2 })
      const lines: Line[] = []
      const gateway = watching({ address: consul.address, token }, lines)
      await waitFor(() => expect(ids(gateway)).toEqual(['users']))
      await consul.register({ Name: 'users2', Port: 3 })
      await waitFor(() => expect(ids(gateway)).toEqual(['users', 'users2']))
      expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
        'Consul hides services or nodes from this token',
      ])
    })

    test('a wrong datacenter, a namespace that is not there, and a filter without sense are named', async () => {
      const consul = await consulWith()
      await consul.register({ Name: 'users', Port: 1 })
      for (const [options, problem] of [
        [{ datacenter: 'dc9' }, /answered 500 .*No path to datacenter.*check datacenter/],
        [{ namespace: 'team' }, /answered 400 .*Enterprise feature.*leave out namespace/],
        [{ filter: 'nonsense' }, /answered 500 .*boolean expression.*does not understand filter/],
      ] as const)
        expect(await errorOf(watching({ address: consul.address, ...options }))).toMatch(problem)
      const fine = watching({ address: consul.address, datacenter: 'dc1' })
      await waitFor(() => expect(ids(fine)).toEqual(['users']))
    })

    test('tags and a filter choose instances; the servers themselves are none', async () => {
      const consul = await consulWith()
      await consul.register({ Name: 'users', ID: 'a', Port: 1, Tags: ['farp', 'blue'], Meta: { team: 'core' } })
      await consul.register({ Name: 'users', ID: 'b', Port: 2, Tags: ['farp'], Meta: { team: 'shop' } })
      await consul.register({ Name: 'orders', ID: 'c', Port: 3, Tags: ['blue'] })
      const everything = watching({ address: consul.address })
      await waitFor(() => expect(ids(everything)).toEqual(['c', 'a', 'b']))
      const found = async (options: ConsulOptions): Promise<string[]> => {
        const gateway = watching({ address: consul.address, ...options })
        await gateway.synced
        return ids(gateway)
      }
      expect(await found({ tags: ['farp'] })).toEqual(['a', 'b'])
      expect(await found({ tags: ['farp', 'blue'] })).toEqual(['a'])
      expect(await found({ filter: 'Service.Meta.team == "shop"' })).toEqual(['b'])
    })

    test('with passing_only a check that turns critical takes its instance out, and back in again; routes of its service stay', async () => {
      const consul = await consulWith()
      await consul.register({ Name: 'users', Port: 1, Check: { TTL: '1h', Status: 'passing' } })
      const strict = watching({ address: consul.address, passingOnly: true })
      const lenient = watching({ address: consul.address })
      const ready = (gateway: Gateway): unknown => gateway.services.map((instance) => instance.ready)
      await waitFor(() => expect([ready(strict), ready(lenient)]).toEqual([[true], [true]]))
      await consul.report('service:users', 'critical')
      await waitFor(() => expect(ready(strict)).toEqual([false]))
      await consul.report('service:users', 'passing')
      await waitFor(() => expect(ready(strict)).toEqual([true]))
      expect(ready(lenient)).toEqual([true])
      await consul.maintain('users', true, 'repair')
      await waitFor(() => expect([ready(strict), ready(lenient)]).toEqual([[false], [false]]))
    })

    test('however consistent an answer has to be, there is one', async () => {
      const consul = await consulWith()
      await consul.register({ Name: 'users', Port: 1 })
      for (const consistency of ['stale', 'consistent'] as const) {
        const gateway = watching({ address: consul.address, consistency })
        await waitFor(() => expect(ids(gateway)).toEqual(['users']))
      }
    })

    test('with more services than open questions all are known, changes too, over no more connections than an agent allows', async () => {
      const consul = await consulWith()
      await Promise.all(Array.from({ length: 150 }, (_, number) => consul.register({ Name: `s${number}`, Port: 1000 + number })))
      const gateway = watching({ address: consul.address })
      await waitFor(() => expect(gateway.services).toHaveLength(150), { timeout: 20_000 })
      let most = 0
      const counting = setInterval(() => void (most = Math.max(most, consul.open)), 5)
      onTestFinished(() => clearInterval(counting))
      await consul.register({ Name: 's149', Port: 9999 })
      await consul.register({ Name: 'another', Port: 9998 })
      await consul.deregister('s0')
      await waitFor(() => expect(gateway.services.map(({ port }) => port)).toEqual(expect.arrayContaining([9999, 9998])))
      await waitFor(() => gateway.services.every(({ service }) => service !== 's0'))
      expect(Math.max(most, consul.open)).toBeLessThanOrEqual(70)
    })

    test('over TLS: the authority, the name and the certificate of the gateway', async () => {
      const { ca, server, client } = testCertificates()
      const consul = await consulWith({ tls: { cert: server.cert, key: server.key, ca } })
      await consul.register({ Name: 'users', Port: 1 })
      const own = { cert: client.cert, key: client.key }
      const fine = watching({ address: consul.address, tls: { ca, ...own } })
      await waitFor(() => expect(ids(fine)).toEqual(['users']))
      for (const [options, problem] of [
        [{ scheme: 'https' as const }, /not trusted; give the certificate that signed it in tls\.ca/],
        [{ tls: { ca, serverName: 'elsewhere.test', ...own } }, /certificate is for another name; set tls\.server_name/],
        [{ tls: { ca } }, /cannot be reached/],
        [{ tls: { ca: '/nowhere/ca.pem' } }, /file of tls\.ca cannot be read \(ENOENT\)/],
      ] as const)
        expect(await errorOf(watching({ address: consul.address, ...options }))).toMatch(problem)
      const careless = watching({ address: consul.address, tls: { verify: false, ...own } })
      await careless.synced
    })

    test('the key-value store: a slash in front is no part of a key, and no key leads elsewhere', async () => {
      const consul = await consulWith({ token: OWNER })
      await consul.putValue('farp/schemas/users/v1/openapi', Buffer.from('{"openapi":"3.1.0"}'))
      await consul.putValue('empty', Buffer.alloc(0))
      const { keyValues } = consulDiscovery({ address: consul.address, token: OWNER })
      const get = async (key: string): Promise<readonly [text: string, revision: unknown] | undefined> => {
        const found = await keyValues!.get(key, new AbortController().signal)
        return found === undefined ? undefined : [Buffer.from(found.value).toString(), found.revision]
      }
      const [text, first] = (await get('/farp/schemas/users/v1/openapi'))!
      expect([text, await get('farp/schemas/users/v1/openapi')]).toEqual(['{"openapi":"3.1.0"}', ['{"openapi":"3.1.0"}', first]])
      await consul.putValue('farp/schemas/users/v1/openapi', Buffer.from('{}'))
      const [changed, second] = (await get('farp/schemas/users/v1/openapi'))!
      expect([changed, Number(second) > Number(first)]).toEqual(['{}', true])
      expect((await get('empty'))![0]).toBe('')
      expect([await get('nothing'), await get('../agent/self'), await get('a//b'), await get('')]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
      await expect(consulDiscovery({ address: consul.address }).keyValues!.get('empty', new AbortController().signal)).rejects.toThrow(
        /answered 403/,
      )
      await waitFor(() => consul.open === 0)
    })
  })
}
