import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { Bind } from '../support/bind.ts'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { openapiOf, startFarpService, type FarpService } from '@octopus-gateway/testing'
import { Program, freePort, root, waitFor } from '../support/process.ts'
import { requireComponent } from '../support/components.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { statusOf, underLoad } from '../support/under-load.ts'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')
const [named, nsupdate] = [requireComponent('named'), requireComponent('nsupdate')]

describe.skipIf(named === undefined || nsupdate === undefined)('services of DNS', () => {
  let folder: string
  let bind: Bind
  let services: FarpService[]
  let gateway: Program
  let url: string

  beforeAll(() => {
    assertBuilt('packages/cli')
    folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-dns-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const recordOf = ({ name, port }: FarpService): string => `_${name}._tcp.test. 1 SRV 0 0 ${port} here.test.`
  const start = (name: string, path: string): Promise<FarpService> => startFarpService({ name, openapi: openapiOf(name, [`GET /${path}`]) })

  beforeEach(async () => {
    bind = await Bind.start({ named: named!, nsupdate: nsupdate! })
    services = await Promise.all([start('users', 'people'), start('users', 'people'), start('orders', 'open'), start('catalog', 'items')])
    await bind.change('add here.test. 1 A 127.0.0.1', ...services.map((service) => `add ${recordOf(service)}`))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const names = ['users', 'orders', 'catalog', 'stock'].map((name) => `{ name: _${name}._tcp.test }`)
    writeFileSync(
      join(folder, 'octopus.yaml'),
      `server: { http_port: ${port}, host: 127.0.0.1 }
admin: { enabled: false }
discovery: { backend: dns, dns: { servers: ["${bind.server}"], interval: 1s, names: [${names.join(', ')}] } }
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
    for (const one of [gateway, ...services, bind]) await one[Symbol.asyncDispose]()
  })

  test('the name server goes away under load and comes back with other contents: no request fails, and the new service is there', async () => {
    const counts = await underLoad(`${url}/users/people`, async () => {
      await bind.stop()
      await gateway.printed('discovery provider failed; its last instances are kept')
      const stock = await start('stock', 'levels')
      services.push(stock)
      await bind.change(`add ${recordOf(stock)}`)
      await sleep(1_000)
      await bind.start()
      await gateway.printed('discovery provider is back')
      await waitFor('the new service', async () => (await statusOf(`${url}/stock/levels`)) === 200)
    })
    expect(Object.keys(counts)).toEqual(['200'])
    expect(counts['200']).toBeGreaterThan(100)
  })

  test('an instance is killed under load: no request fails, and with its record it is out of rotation within an interval', async () => {
    const [first, second] = services as [FarpService, FarpService]
    const counts = await underLoad(`${url}/users/people`, async () => {
      await first.stop()
      await sleep(300)
      await bind.change(`delete ${recordOf(first).replace(' 1 SRV', ' SRV')}`)
      await sleep(1_500)
      await first.start()
      const [before, other] = [first.counts.operations, second.counts.operations]
      await sleep(500)
      // It would answer, and nobody asks.
      expect(first.counts.operations).toBe(before)
      expect(second.counts.operations).toBeGreaterThan(other)
      await bind.change(`add ${recordOf(first)}`)
      await waitFor('the instance, asked again', () => first.counts.operations > before)
    })
    expect(Object.keys(counts)).toEqual(['200'])
  })
})
