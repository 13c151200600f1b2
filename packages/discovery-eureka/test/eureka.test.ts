import { createServer } from 'node:http'
import { errorOf, idsOf, watched, type Line } from '../../../tests/support/finding.ts'
import { EurekaRegistry, respondWith, startEureka, startRawServer, waitFor, type Eureka } from '@octopus-gateway/testing'
import { eurekaDiscovery, type EurekaOptions } from '@octopus-gateway/discovery-eureka'
import { expect, onTestFinished, test } from 'vitest'
import { once } from 'node:events'
import { fakeEureka } from '../../../tests/support/registries/eureka.ts'
import { testBehaviours } from './behaviours.ts'
import type { AddressInfo } from 'node:net'
import type { Gateway } from '@octopus-gateway/core'

// What a real Eureka does as well.
testBehaviours('the stand-in', fakeEureka)

async function eurekaWith(options: Parameters<typeof startEureka>[0] = {}): Promise<Eureka> {
  const eureka = await startEureka(options)
  onTestFinished(() => eureka[Symbol.asyncDispose]())
  return eureka
}

const watching = (options: EurekaOptions, lines?: Line[]): Gateway => watched(eurekaDiscovery({ interval: 50, ...options }), lines)

const users = (instanceId: string) => ({ app: 'users', instanceId, hostName: '127.0.0.1', port: 8080 })
const deltas = ({ requests }: Eureka): number => requests.filter((line) => line === 'GET /eureka/apps/delta').length

/** What was asked for from a request on, in order: `F` everything, `d` changes. */
const asked = ({ requests }: Eureka, from = 0): string =>
  requests
    .slice(from)
    .map((line) => (line.endsWith('/delta') ? 'd' : 'F'))
    .join('')

test('after everything only changes are asked for, everything again after three of them, and they are enough', async () => {
  const eureka = await eurekaWith()
  eureka.registry.register(users('a'))
  const gateway = watching({ servers: [`${eureka.url}/`] })
  await gateway.synced
  eureka.registry.register(users('b'))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b']))
  eureka.registry.override('users', 'b', 'OUT_OF_SERVICE')
  await waitFor(() => expect(gateway.services.map(({ ready }) => ready)).toEqual([true, false]))
  eureka.registry.cancel('users', 'a')
  await waitFor(() => expect(idsOf(gateway)).toEqual(['b']))
  await waitFor(() => deltas(eureka) >= 9)
  expect(asked(eureka)).toMatch(/^(?:Fddd){2,}/)
})

test('an instance that the changes lack, with a count that agrees, is found all the same, and stays', async () => {
  const eureka = await eurekaWith()
  eureka.registry.register(users('a'))
  const gateway = watching({ servers: [eureka.url] })
  await gateway.synced
  eureka.registry.registerUnseen(users('b'))
  const before = eureka.requests.length
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b']))
  expect(asked(eureka, before)).toMatch(/^d{0,3}F/)
  // The answer with changes still lacks it, and is not believed.
  const since = deltas(eureka)
  await waitFor(() => deltas(eureka) > since + 4)
  expect(idsOf(gateway)).toEqual(['a', 'b'])
  expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  eureka.registry.register(users('c'))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b', 'c']))
})

test('changes that do not lead to what the server has are not believed: everything is asked for', async () => {
  const eureka = await eurekaWith({ retention: 0 })
  for (const id of ['a', 'b', 'c']) eureka.registry.register(users(id))
  const gateway = watching({ servers: [eureka.url] })
  await gateway.synced
  const before = eureka.requests.length
  eureka.registry.lose('users', 'b')
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'c']))
  // At the first answer with another count, not when everything is due anyway.
  expect(asked(eureka, before)).toMatch(/^d?F/)
})

test('changes that are older than the server remembers are found by the hash as well', async () => {
  const eureka = await eurekaWith({ retention: 0 })
  eureka.registry.register(users('a'))
  const gateway = watching({ servers: [eureka.url] })
  await gateway.synced
  const before = eureka.requests.length
  eureka.registry.register(users('b'))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b']))
  expect(asked(eureka, before)).toMatch(/^d?F/)
})

test('a server that tells no changes is asked for everything', async () => {
  const eureka = await eurekaWith({ delta: false })
  const gateway = watching({ servers: [eureka.url] })
  await gateway.synced
  eureka.registry.register(users('a'))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a']))
  expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
})

test('another server is asked when one fails, first for everything, and it stays with that one', async () => {
  const registry = new EurekaRegistry()
  registry.register(users('a'))
  const [one, two] = [await eurekaWith({ registry }), await eurekaWith({ registry })]
  const gateway = watching({ servers: [one.url, two.url] })
  await gateway.synced
  expect(two.requests).toEqual([])
  await one.stop()
  registry.register(users('b'))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b']))
  expect(two.requests[0]).toBe('GET /eureka/apps')
  expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  await one.start()
  const before = one.requests.length
  registry.register(users('c'))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['a', 'b', 'c']))
  expect(one.requests).toHaveLength(before)
  await Promise.all([one.stop(), two.stop()])
  const error = await errorOf(gateway)
  for (const { url } of [one, two]) expect(error).toContain(`Eureka at ${url} cannot be reached (ECONNREFUSED): nobody listens there`)
  expect(idsOf(gateway)).toEqual(['a', 'b', 'c'])
})

test('what is not Eureka, and options that are wrong, are told apart', async () => {
  await using page = await startRawServer(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<>'))
  await using list = await startRawServer(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]'))
  await using young = await startRawServer(respondWith('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'))
  for (const [options, problem] of [
    [{ servers: [`http://127.0.0.1:${page.port}/eureka`] }, /something that is not JSON: is this Eureka\?/],
    [{ servers: [`http://127.0.0.1:${list.port}/eureka`] }, /with something else/],
    [{ servers: [`http://127.0.0.1:${young.port}/eureka`] }, /answered 403 .*or it has just started and waits for its replicas/],
    [{ servers: ['http://ann:hunter2@eureka:8761/eureka'] }, /servers\.0: leave out user name, password and query/],
    [{ servers: ['eureka:8761'] }, /servers\.0: write an address/],
    [{ password: 'pw' }, /a password needs a username/],
  ] as const) {
    const error = await errorOf(watching(options))
    expect(error).toMatch(problem)
    expect(error).not.toContain('hunter2')
  }
})

const REGISTER = { app: 'edge', host: '10.1.1.1', port: 8080 }

test('the last thing that a registered gateway says is that it goes', async () => {
  const eureka = await eurekaWith()
  const gateway = watching({ servers: [eureka.url], register: { ...REGISTER, heartbeat: 50 } })
  await waitFor(() => eureka.registry.get('edge', '10.1.1.1:edge:8080'))
  await gateway[Symbol.asyncDispose]()
  await waitFor(() => eureka.registry.get('edge', '10.1.1.1:edge:8080') === undefined)
  expect(eureka.requests.at(-1)).toBe('DELETE /eureka/apps/EDGE/10.1.1.1%3Aedge%3A8080')
})

test('a gateway that stops before it has heard whether it is registered takes that back as well', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.method!)
    if (request.method === 'DELETE') response.end()
    else if (request.method === 'GET') response.end('{"applications":{"application":[]}}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const gateway = watching({ servers: [`http://127.0.0.1:${port}/eureka`], register: REGISTER })
  await waitFor(() => asked.includes('POST'))
  await gateway.synced
  await gateway[Symbol.asyncDispose]()
  await waitFor(() => expect(asked.at(-1)).toBe('DELETE'))
})

test('a registration outlives an outage, over TLS it says so, and that it fails is no reason to find nothing', async () => {
  const eureka = await eurekaWith()
  const gateway = watching({ servers: [eureka.url], register: { ...REGISTER, secure: true, instanceId: 'me', heartbeat: 50 } })
  await waitFor(() => eureka.registry.get('edge', 'me'))
  expect(eureka.registry.get('edge', 'me')).toMatchObject({ port: { '@enabled': 'false' }, securePort: { $: 8080, '@enabled': 'true' } })
  await eureka.stop()
  await errorOf(gateway)
  await eureka.start()
  await waitFor(() => gateway.providers[0]!.state === 'synced')
  expect(eureka.requests.filter((line) => line.startsWith('DELETE'))).toEqual([])
  const lines: Line[] = []
  await using reading = await eurekaWith({ readOnly: true })
  const finding = watching({ servers: [reading.url], register: { ...REGISTER, heartbeat: 50 } }, lines)
  await finding.synced
  await waitFor(() => expect(lines.map(({ message }) => message)).toContain('the gateway could not be registered'))
  expect(finding.providers[0]).toMatchObject({ state: 'synced', error: null })
})
