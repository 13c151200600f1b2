import { closedPort, waitFor } from '@octopus-gateway/testing'
import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { errorOf, idsOf, watched, type Line } from '../../../tests/support/finding.ts'
import { farp } from '@octopus-gateway/farp-service'
import { once } from 'node:events'
import { Seed, type Said } from '../../../tests/support/seed.ts'
import { seedsDiscovery, type SeedsOptions } from '@octopus-gateway/discovery-seeds'
import type { AddressInfo } from 'node:net'
import type { Gateway } from '@octopus-gateway/core'

const watching = (urls: readonly string[], lines?: Line[], options: Partial<SeedsOptions> = {}): Gateway =>
  watched(seedsDiscovery({ urls, interval: 50, ...options }), lines)

async function seedOf(said: Said): Promise<Seed> {
  const seed = await Seed.start(said)
  onTestFinished(() => seed[Symbol.asyncDispose]())
  return seed
}

const record = (id: string, more: object = {}): Said => ({
  body: JSON.stringify({ service_id: id, service_name: 'users', address: '127.0.0.1', port: 80, ...more }),
})

test('a service with the kit is found as it is', async () => {
  const service = farp({
    name: 'users',
    version: 'v1.2.0',
    instance_id: 'u1',
    openapi: { openapi: '3.1.0', info: { title: 'Users', version: '1' }, paths: {} },
  })
  const server = createServer((request, response) => service.node(request, response, () => response.writeHead(404).end()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const gateway = watching([`http://localhost:${port}/`])
  await gateway.synced
  expect(gateway.services).toMatchObject([
    {
      id: 'u1',
      service: 'users',
      host: 'localhost',
      port,
      secure: false,
      ready: true,
      version: 'v1.2.0',
      provider: 'seeds',
      metadata: { 'farp.enabled': 'true', 'farp.manifest': `http://localhost:${port}/_farp/manifest`, tags: 'farp' },
    },
  ])
})

test('one that is starting is not there yet, and one that cannot be reached does not keep the others back', async () => {
  const [one, two] = [await seedOf(record('one')), await seedOf({ status: 503, body: '{"error":"service not registered"}' })]
  const closed = `http://127.0.0.1:${await closedPort()}`
  const lines: Line[] = []
  const gateway = watching([closed, two.url, one.url], lines)
  await gateway.synced
  expect(idsOf(gateway)).toEqual(['one'])
  expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  two.said = record('two')
  await waitFor(() => expect(idsOf(gateway)).toEqual(['one', 'two']))
  const told = lines
    .filter(({ fields }) => fields?.['provider'] === 'seeds')
    .map(({ message, fields }) => `${message} ${String(fields!['seed'])}`)
  // Each once, however often it was asked.
  const wanted = [
    `a seed cannot be asked; its last record is kept ${closed}`,
    `a seed is starting ${two.url}`,
    `a seed tells its record ${two.url}`,
  ]
  expect(told.toSorted()).toEqual(wanted.toSorted())
  expect(lines.find(({ fields }) => fields?.['seed'] === closed)?.fields?.['reason']).toMatch(/\(ECONNREFUSED\): nobody listens there/)
})

test('one that cannot be asked keeps its last record, also when it is starting anew; one that is gone says so', async () => {
  const [one, two] = [await seedOf(record('one')), await seedOf(record('two'))]
  const lines: Line[] = []
  const gateway = watching([one.url, two.url], lines)
  await gateway.synced
  const rounds = async (): Promise<void> => {
    const before = two.asked
    await waitFor(() => two.asked > before + 2)
  }
  const elsewhere = await seedOf(record('elsewhere'))
  const said: readonly (readonly [Said, RegExp])[] = [
    [{ status: 500 }, /answered 500: does it serve \/_farp\/discovery/],
    [{ status: 302, headers: { location: `${elsewhere.url}/_farp/discovery` } }, /answered 302: redirects are not followed/],
    [{ status: 401 }, /answered 401: .*open to the gateway/],
    [{ body: '<html>' }, /not JSON/],
    [{ body: '{}' }, /something else \(service_name\)/],
    [{ body: `"${'x'.repeat(300_000)}"` }, /more than 262144 bytes/],
  ]
  for (const [answer, reason] of said) {
    one.said = answer
    await waitFor(() => expect(lines.map(({ fields }) => String(fields?.['reason'])).some((text) => reason.test(text))).toBe(true))
    expect(idsOf(gateway)).toEqual(['one', 'two'])
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  }
  expect(elsewhere.asked).toBe(0)
  await one.stop()
  await rounds()
  expect(idsOf(gateway)).toEqual(['one', 'two'])
  one.said = { status: 503 }
  await one.start()
  await waitFor(() => expect(lines.map(({ message }) => message)).toContain('a seed is starting'))
  await rounds()
  expect(idsOf(gateway)).toEqual(['one', 'two'])
  one.said = record('another')
  await waitFor(() => expect(idsOf(gateway)).toEqual(['another', 'two']))
  one.said = { status: 404 }
  await waitFor(() => expect(idsOf(gateway)).toEqual(['two']))
})

test('when no seed can be asked, the backend fails with their reasons, and keeps what it had', async () => {
  const seeds = await Promise.all(['a', 'b', 'c', 'd'].map((id) => seedOf(record(id))))
  const gateway = watching(seeds.map(({ url }) => url))
  await gateway.synced
  for (const seed of seeds) await seed.stop()
  await waitFor(() => expect(gateway.providers[0]?.error ?? '').toMatch(/(?:nobody listens there[^.]*\. ?.*){3}And 1 more\.$/))
  expect(gateway.providers[0]!.state).toBe('failing')
  expect(idsOf(gateway)).toEqual(['a', 'b', 'c', 'd'])
  // One is enough, and the others have not been forgotten.
  await seeds[2]!.start()
  await waitFor(() => expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null }))
  expect(idsOf(gateway)).toEqual(['a', 'b', 'c', 'd'])
})

test('of two seeds that tell one instance the first one counts', async () => {
  const [one, two] = [await seedOf(record('same', { port: 81 })), await seedOf(record('same', { port: 82 }))]
  const gateway = watching([two.url, one.url, `${two.url}/`])
  await gateway.synced
  expect(gateway.services.map(({ port }) => port)).toEqual([82])
})

test('a seed that does not finish is given up after five seconds, in the head and in the body', async () => {
  const urls = await Promise.all(
    [false, true].map(async (hasHead) => {
      const server = createServer((_request, response) => {
        if (hasHead) response.writeHead(200).write('{"service_name":')
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    }),
  )
  const gateway = watching(urls)
  await waitFor(() => expect(gateway.providers[0]?.error ?? '').toMatch(/(?:The seed \S+ did not answer within 5000 ms\. ?){2}/))
})

test.each([
  [{ urls: [] }, /name at least one service/],
  [{ urls: ['10.0.0.7:8081'] }, /write an address such as http:/],
  [{ urls: ['http://ann:pw@a.test'] }, /leave out user name/],
  [{ urls: ['http://a.test/?x'] }, /leave out user name, password and query/],
  [{ urls: ['http://a.test'], interval: 'soon' }, /is not a duration/],
] as const)('an option that is wrong is a reason that names it: %j', async (options, reason) => {
  expect(await errorOf(watching([], [], options as Partial<SeedsOptions>))).toMatch(reason)
})
