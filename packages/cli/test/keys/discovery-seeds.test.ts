import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { behaviour } from './behaviour.ts'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { refused, running, type Running } from './running.ts'
import { startService, waitFor, type Service } from '@octopus-gateway/testing'
import type { AddressInfo } from 'node:net'

const ROUTE = 'farp: { enabled: false }\nupstreams: [{ name: up, service: users }]\nroutes: [{ path: /*, upstream: up, retries: 0 }]\n'

let one: Service
let two: Service
beforeAll(async () => {
  one = await startService({ name: 'one' })
  two = await startService({ name: 'two' })
})
afterAll(async () => {
  for (const service of [one, two]) await service[Symbol.asyncDispose]()
})

interface Seed {
  readonly url: string
  /** The service that it is the seed of. */
  of: Service
}

/** A service's word about where it is. */
async function seedOf(service: Service): Promise<Seed> {
  const server: Server = createServer((request, response) => {
    const { name, port } = seed.of
    if (request.url !== '/_farp/discovery') response.writeHead(404).end()
    else response.end(JSON.stringify({ service_id: name, service_name: 'users', address: 'localhost', port }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const seed: Seed = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, of: service }
  return seed
}

const yamlOf = (keys: string): string => `discovery: { backend: seeds, seeds: { ${keys} } }\n${ROUTE}`
const nameAt = async (gateway: Running): Promise<unknown> => (await gateway.json('/'))['name']

behaviour('discovery.seeds.urls[]', 'are asked who they are, each for itself', async () => {
  const seeds = [await seedOf(one), await seedOf(two)]
  await using gateway = await running(yamlOf(`urls: ["${seeds[0]!.url}", "${seeds[1]!.url}/"]`))
  const names = new Set(await Promise.all(Array.from({ length: 4 }, () => nameAt(gateway))))
  expect(names).toEqual(new Set(['one', 'two']))
  expect((await gateway.view('/_/services')).services[0]!.instances).toMatchObject([
    { origin: `http://127.0.0.1:${one.port}` },
    { origin: `http://127.0.0.1:${two.port}` },
  ])
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
  expect(metrics).toContain('octopus_discovery_up{provider="seeds"} 1')
})

behaviour('discovery.seeds.interval', 'is how often they are asked', async () => {
  const seed = await seedOf(one)
  await using often = await running(yamlOf(`urls: ["${seed.url}"], interval: 1s`))
  await using seldom = await running(yamlOf(`urls: ["${seed.url}"], interval: 1h`))
  seed.of = two
  await waitFor(async () => (await nameAt(often)) === 'two')
  expect(await nameAt(seldom)).toBe('one')
})

test('what is no address of a service is refused, and not shown', async () => {
  for (const [keys, problem] of [
    ['urls: ["127.0.0.1:8081"]', /discovery\.seeds\.urls\[0\]: must be an address such as http:/],
    ['urls: ["http://ann:hunter2@a.test"]', /discovery\.seeds\.urls\[0\]: must not hold a user name or a password/],
    ['urls: ["http://a.test/?token=hunter2"]', /discovery\.seeds\.urls\[0\]: must not hold a query/],
    ['urls: []', /discovery\.seeds\.urls: is empty; name at least one/],
    ['interval: 1s', /discovery\.seeds\.urls: is missing/],
    ['urls: ["http://a.test"], interval: 10ms', /discovery\.seeds\.interval: must be at least 1s/],
  ] as const) {
    const { code, err } = await refused(yamlOf(keys))
    expect([code, err], keys).toEqual([78, expect.stringMatching(problem)])
    expect(err).not.toContain('hunter2')
  }
  expect((await refused('discovery: { backend: seeds }\n')).err).toMatch(/discovery\.seeds: is missing/)
})
