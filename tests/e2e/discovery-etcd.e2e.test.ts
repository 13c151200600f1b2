import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { Etcd } from '../support/etcd.ts'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { openapiOf, startFarpService, type FarpService } from '@octopus-gateway/testing'
import { Program, freePort, root, waitFor } from '../support/process.ts'
import { requireComponent } from '../support/components.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { statusOf, underLoad } from '../support/under-load.ts'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')
const program = requireComponent('etcd')

describe.skipIf(program === undefined)('services of etcd', () => {
  let folder: string
  let etcd: Etcd
  let services: FarpService[]
  let gateway: Program
  let url: string

  beforeAll(() => {
    assertBuilt('packages/cli')
    folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-etcd-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const keyOf = ({ name, instanceId }: FarpService): string => `/services/${name}/${instanceId}`
  const register = (service: FarpService): Promise<void> => {
    const { name, instanceId, port } = service
    return etcd.put(keyOf(service), {
      id: instanceId,
      name,
      address: '127.0.0.1',
      port,
      status: 'passing',
      metadata: { 'farp.enabled': 'true' },
    })
  }
  const start = (name: string, path: string): Promise<FarpService> => startFarpService({ name, openapi: openapiOf(name, [`GET /${path}`]) })

  beforeEach(async () => {
    etcd = await Etcd.start(program!)
    services = await Promise.all([start('users', 'people'), start('users', 'people'), start('orders', 'open'), start('catalog', 'items')])
    for (const service of services) await register(service)
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    writeFileSync(
      join(folder, 'octopus.yaml'),
      `server: { http_port: ${port}, host: 127.0.0.1 }
admin: { enabled: false }
discovery: { backend: etcd, etcd: { endpoints: ["${etcd.url}"] } }
farp: { watch_interval: 1s }
`,
    )
    gateway = new Program(BIN, ['--config', join(folder, 'octopus.yaml')])
    await gateway.printed('gateway started')
    await waitFor('routes of all services', async () =>
      (await Promise.all(['/users/people', '/orders/open', '/catalog/items'].map((path) => statusOf(url + path)))).every(
        (one) => one === 200,
      ),
    )
  })
  afterEach(async () => {
    for (const one of [gateway, ...services, etcd]) await one[Symbol.asyncDispose]()
  })

  test('etcd goes away under load and comes back with other contents: no request fails, and the new service is there', async () => {
    const counts = await underLoad(`${url}/users/people`, async () => {
      await etcd.stop()
      await gateway.printed('discovery provider failed; its last instances are kept')
      const stock = await start('stock', 'levels')
      services.push(stock)
      await sleep(1_000)
      await etcd.start()
      await register(stock)
      await gateway.printed('discovery provider is back')
      await waitFor('the new service', async () => (await statusOf(`${url}/stock/levels`)) === 200)
    })
    expect(Object.keys(counts)).toEqual(['200'])
    expect(counts['200']).toBeGreaterThan(100)
  })

  test('an instance is killed under load: no request fails, and with its key it is out of rotation within half a second', async () => {
    const [first, second] = services as [FarpService, FarpService]
    const counts = await underLoad(`${url}/users/people`, async () => {
      await first.stop()
      await sleep(300)
      await etcd.remove(keyOf(first))
      await sleep(500)
      await first.start()
      const [before, other] = [first.counts.operations, second.counts.operations]
      await sleep(500)
      // It would answer, and nobody asks.
      expect(first.counts.operations).toBe(before)
      expect(second.counts.operations).toBeGreaterThan(other)
      await register(first)
      await waitFor('the instance, asked again', () => first.counts.operations > before)
    })
    expect(Object.keys(counts)).toEqual(['200'])
  })
})
