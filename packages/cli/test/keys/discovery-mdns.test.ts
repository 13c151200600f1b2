import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Announcer, freshType } from '../../../../tests/support/zeroconf.ts'
import { behaviour } from './behaviour.ts'
import { discovered } from './yaml.ts'
import { expectRefused, problemWith, TO_USERS } from './finding.ts'
import { recordsOf, Responder, type Written } from '../../../../tests/support/mdns-responder.ts'
import { refused, running, type Running } from './running.ts'
import { requirePythonModule } from '../../../../tests/support/components.ts'
import { startService, waitFor, type Service } from '@octopus-gateway/testing'

const python = requirePythonModule('zeroconf')

const yamlOf = (keys: string, more = 'backend: mdns'): string => `discovery: { ${more}, mdns: { ${keys} } }\n${TO_USERS}`
const HERE = 'interface: 127.0.0.1, browse_time: 300ms'

const finding = (types: string, keys = HERE): Promise<Running> => running(yamlOf(`service_types: [${types}], ${keys}`))
const namesOf = async (gateway: Running): Promise<unknown[]> => (await gateway.view('/_/services')).services.map(({ name }) => name)

describe.skipIf(python === undefined)('discovery.mdns', () => {
  let service: Service
  let announcer: Announcer
  beforeAll(async () => {
    service = await startService({ name: 'one' })
    announcer = await Announcer.start(python!)
  })
  afterAll(async () => {
    for (const one of [service, announcer]) await one[Symbol.asyncDispose]()
  })

  const announce = (type: string, name: string, ttl?: number): Promise<void> =>
    announcer.put({ type, label: `${name}-1`, port: service.port, txt: [`name=${name}`], ...(ttl === undefined ? {} : { ttl }) })

  behaviour('discovery.mdns.service_types[]', 'are looked for, all of them and no others', async () => {
    const [one, two, other] = [freshType(), freshType(), freshType()]
    await announce(one, 'users')
    await announce(two, 'orders')
    await announce(other, 'others')
    await using gateway = await finding(`${one}, ${two}`)
    await waitFor(async () => expect(await namesOf(gateway)).toEqual(['orders', 'users']))
    expect(await gateway.json('/')).toMatchObject({ name: 'one' })
    const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
    expect(metrics).toContain('octopus_discovery_up{provider="mdns"} 1')
    expect(metrics).toContain('octopus_discovery_instances{provider="mdns"} 2')
  })

  behaviour('discovery.mdns.allowed_services[]', 'are found, and no others; without it all are, with a warning', async () => {
    const type = freshType()
    await announce(type, 'users')
    await announce(type, 'payments')
    const warnings = ({ lines }: Running): number => lines.filter(({ option }) => option === 'allowed_services').length
    await using all = await finding(type)
    await waitFor(async () => expect(await namesOf(all)).toEqual(['payments', 'users']))
    await using some = await finding(type, `${HERE}, allowed_services: [users, orders]`)
    await waitFor(async () => expect(await namesOf(some)).toEqual(['users']))
    expect([warnings(all), warnings(some)]).toEqual([1, 0])
  })

  test("a service that another backend knows is that backend's alone", async () => {
    const type = freshType()
    await announcer.put({ type, label: 'spoof', port: 1, txt: ['name=users'] })
    await announcer.put({ type, label: 'other', port: 1, txt: ['name=USERS', 'id=2'] })
    await announce(type, 'orders')
    const both = `backends: [mdns, static], static: { services: [${discovered('users', service.port)}] }`
    await using gateway = await running(yamlOf(`service_types: [${type}], ${HERE}`, both))
    await waitFor(async () => expect(await namesOf(gateway)).toEqual(['orders', 'users']))
    for (let i = 0; i < 4; i++) expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  })

  behaviour('discovery.mdns.interface', 'is the only one that is used, by name or address', async () => {
    const type = freshType()
    await announce(type, 'users')
    await using gateway = await finding(type)
    await waitFor(async () => expect(await namesOf(gateway)).toEqual(['users']))
    const reason = await problemWith(yamlOf(`service_types: [${type}], interface: nowhere0, browse_time: 100ms`))
    expect(reason).toMatch(/There is no interface nowhere0/)
  })

  behaviour('discovery.mdns.interval', 'is how often is asked: so long a silent end is not known', async () => {
    const type = freshType()
    await using mortal = await Announcer.start(python!)
    await mortal.put({ type, label: 'users-1', port: service.port, txt: ['name=users'], ttl: 4_500 })
    await using often = await finding(type, `${HERE}, interval: 1s`)
    await using seldom = await finding(type, `${HERE}, interval: 1h`)
    for (const gateway of [often, seldom]) await waitFor(async () => expect(await namesOf(gateway)).toEqual(['users']))
    await mortal.kill()
    await waitFor(async () => expect(await namesOf(often)).toEqual([]), { timeout: 12_000 })
    expect(await namesOf(seldom)).toEqual(['users'])
  })
})

behaviour('discovery.mdns.domain', 'is where types are looked for', async () => {
  const type = freshType()
  const inDomain = (domain: string, label: string): Written[] => recordsOf([...type.split('.'), domain], label, 4711)
  await using responder = await Responder.start()
  await using gateway = await finding(type, `${HERE}, domain: lab`)
  await responder.say(...inDomain('local', 'wrong'), ...inDomain('lab', 'right'))
  await waitFor(async () => {
    const [users] = (await gateway.view('/_/services')).services
    expect(users!.instances).toMatchObject([{ id: 'right', origin: 'http://127.0.0.1:4711' }])
    return true
  })
  expect(responder.asked).toContain(`12 ${type}.lab`)
})

behaviour('discovery.mdns.browse_time', 'is for how long answers are gathered before the first ones count', async () => {
  const type = freshType()
  await using responder = await Responder.start()
  const started = running(`admin: { enabled: false }\n${yamlOf(`service_types: [${type}], interface: 127.0.0.1, browse_time: 1h`)}`)
  await using slow = await started
  await using quick = await finding(type)
  await responder.say(...recordsOf([...type.split('.'), 'local'], 'users-1', 4711))
  await waitFor(async () => expect(await namesOf(quick)).toEqual(['users']))
  // It has not become ready, and knows nobody.
  expect(await slow.status('/')).toBe(503)
})

test('[F12.20.development] the network is browsed only where the backend is named: a section for it alone asks nothing', async () => {
  const [unnamed, named] = [freshType(), freshType()]
  await using responder = await Responder.start()
  const yaml = `discovery: { backend: static, static: { services: [${discovered('users', 4711)}] }, mdns: { service_types: [${unnamed}], ${HERE} } }\n`
  await using gateway = await running(yaml + TO_USERS)
  await waitFor(async () => expect(await namesOf(gateway)).toEqual(['users']))
  await using other = await finding(named)
  await waitFor(() => responder.asked.includes(`12 ${named}.local`))
  expect(responder.asked).not.toContain(`12 ${unnamed}.local`)
  expect(other.lines.filter(({ option }) => option === 'allowed_services')).toHaveLength(1)
})

test('what does not fit is refused', async () => {
  await expectRefused(
    (keys) => `discovery: { backend: mdns, mdns: ${keys} }\n`,
    [
      ['{ service_types: [farp] }', /discovery\.mdns\.service_types\[0\]: must be a type such as _farp\._tcp, not "farp"/],
      ['{ service_types: [_farp._udp] }', /service_types\[0\]: .*HTTP is spoken over TCP/],
      ['{ service_types: [_farp._tcp.local] }', /service_types\[0\]: .*leave out the domain/],
      ['{ service_types: [] }', /discovery\.mdns\.service_types: is empty; name at least one/],
      ['{ service_types: [_farp._tcp], domain: "a b" }', /discovery\.mdns\.domain: must be a domain such as local/],
      ['{ service_types: [_farp._tcp], interval: 1ms }', /discovery\.mdns\.interval: must be at least 1s/],
      ['{}', /discovery\.mdns\.service_types: is missing/],
    ],
  )
  expect((await refused('discovery: { backend: mdns }\n')).err).toMatch(/discovery\.mdns: is missing/)
})
