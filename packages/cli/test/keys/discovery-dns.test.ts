import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { behaviour } from './behaviour.ts'
import { Bind } from '../../../../tests/support/bind.ts'
import { expectRefused, problemWith, TO_USERS } from './finding.ts'
import { running, type Running } from './running.ts'
import { requireComponent } from '../../../../tests/support/components.ts'
import { startService, waitFor, type Service } from '@octopus-gateway/testing'

const [named, nsupdate] = [requireComponent('named'), requireComponent('nsupdate')]

describe.skipIf(named === undefined || nsupdate === undefined)('discovery.dns', () => {
  let service: Service
  let bind: Bind
  beforeAll(async () => {
    service = await startService({ name: 'one' })
    bind = await Bind.start({ named: named!, nsupdate: nsupdate! })
    await bind.change(`add _users._tcp.test. 1 SRV 0 0 ${service.port} here.test.`, 'add here.test. 1 A 127.0.0.1')
  })
  afterAll(async () => {
    for (const one of [service, bind]) await one[Symbol.asyncDispose]()
  })

  const finding = (entry: string, more = ''): Promise<Running> =>
    running(`discovery: { backend: dns, dns: { servers: ["${bind.server}"], names: [${entry}]${more} } }\n${TO_USERS}`)

  behaviour('discovery.dns.names[].name', 'is looked up, and its first label is the service', async () => {
    await using gateway = await finding('{ name: _users._tcp.test }')
    expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  })

  behaviour('discovery.dns.names[].service', 'is what the service is called', async () => {
    await using gateway = await finding('{ name: here.test, type: a, port: 1, service: others }')
    expect((await gateway.view('/_/services')).services.map(({ name }) => name)).toEqual(['others'])
  })

  behaviour('discovery.dns.names[].type', 'a looks addresses up', async () => {
    await using gateway = await finding(`{ name: here.test, type: a, port: ${service.port}, service: users }`)
    expect(await gateway.json('/')).toMatchObject({ name: 'one' })
    await using srv = await finding('{ name: here.test, service: users }')
    expect(await srv.status('/')).toBe(503)
  })

  behaviour('discovery.dns.names[].port', 'is the one of every instance', async () => {
    await using gateway = await finding('{ name: here.test, type: a, port: 4711 }')
    expect((await gateway.view('/_/services')).services[0]!.instances).toMatchObject([{ origin: 'http://127.0.0.1:4711' }])
  })

  behaviour('discovery.dns.servers[]', 'are asked, and nobody else', async () => {
    const reason = await problemWith(
      `discovery: { backend: dns, dns: { servers: ["127.0.0.1:1"], names: [{ name: _users._tcp.test }] } }\n${TO_USERS}`,
    )
    expect(reason).toMatch(/ECONNREFUSED, asked 127\.0\.0\.1:1\): no name server listens there/)
  })

  behaviour('discovery.dns.interval', 'is how often is asked', async () => {
    await bind.change('add often.test. 60 A 127.0.0.1')
    await using often = await finding('{ name: often.test, type: a, port: 1 }', ', interval: 100ms')
    await using seldom = await finding('{ name: often.test, type: a, port: 1 }', ', interval: 1h')
    const hosts = async (gateway: Running): Promise<unknown[]> =>
      (await gateway.view('/_/services')).services.flatMap(({ instances }) => instances.map(({ origin }) => origin))
    await bind.change('delete often.test.', 'add often.test. 60 A 127.0.0.2')
    await waitFor(async () => (await hosts(often))[0] === 'http://127.0.0.2:1')
    expect(await hosts(seldom)).toEqual(['http://127.0.0.1:1'])
  })
})

test('what does not fit together is refused', async () => {
  await expectRefused(
    (block) => `discovery: { backend: dns, dns: ${block} }\n`,
    [
      ['{ names: [{ name: a.test, type: a }] }', /discovery\.dns\.names\[0\]\.port: is missing; addresses have no ports/],
      ['{ names: [{ name: a.test, port: 80 }] }', /discovery\.dns\.names\[0\]\.port: SRV records have ports of their own/],
      ['{ names: [{ name: a.test }], servers: [ns.test] }', /discovery\.dns\.servers\[0\]: must be the address of a name server/],
      ['{}', /discovery\.dns\.names: is missing/],
    ],
  )
})
