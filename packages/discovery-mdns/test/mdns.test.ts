import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Announcer, freshType } from '../../../tests/support/zeroconf.ts'
import { errorOf, gatewayWith, idsOf, type Line } from '../../../tests/support/finding.ts'
import { mdnsDiscovery, type MdnsOptions } from '@octopus-gateway/discovery-mdns'
import { nameBytes, recordsOf, Responder, srvBytes, txtBytes } from '../../../tests/support/mdns-responder.ts'
import { requirePythonModule } from '../../../tests/support/components.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { Gateway } from '@octopus-gateway/core'

const python = requirePythonModule('zeroconf')

const watching = (options: Partial<MdnsOptions>, lines?: Line[]): Gateway =>
  gatewayWith(mdnsDiscovery({ serviceTypes: [], interface: '127.0.0.1', interval: '1s', browseTime: '300ms', ...options }), lines)

describe.skipIf(python === undefined)('services that others announce', { concurrent: true }, () => {
  let announcer: Announcer
  beforeAll(async () => void (announcer = await Announcer.start(python!)))
  afterAll(() => announcer[Symbol.asyncDispose]())

  test('an instance under two types counts once, and stays as long as one of them does', async () => {
    const [one, two] = [freshType(), freshType()]
    const txt = ['name=users', 'id=u1', 'version=v2', 'farp.enabled=true']
    await announcer.put({ type: one, label: 'u1', port: 8081, txt })
    await announcer.put({ type: two, label: 'u1', port: 8081, txt })
    await announcer.put({ type: two, label: 'u2', port: 8082, txt: ['name=users', 'id=u2'] })
    await using gateway = watching({ serviceTypes: [one, two] })
    await waitFor(() => expect(idsOf(gateway)).toEqual(['u1', 'u2']))
    expect(gateway.services[0]).toMatchObject({ service: 'users', host: '127.0.0.1', port: 8081, version: 'v2', provider: 'mdns' })
    await announcer.remove({ type: two, label: 'u2' })
    await announcer.remove({ type: one, label: 'u1' })
    await waitFor(() => expect(gateway.services.map(({ id, metadata }) => [id, metadata['mdns.service_type']])).toEqual([['u1', two]]))
    await announcer.remove({ type: two, label: 'u1' })
    await waitFor(() => expect(idsOf(gateway)).toEqual([]))
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('a record that leaves out who it is keeps its name, and its status counts', async () => {
    const type = freshType()
    await announcer.put({
      type,
      label: 'x',
      port: 80,
      txt: ['farp.enabled=true', 'farp.id=u1', 'farp.service=users', 'farp.meta.team=core'],
    })
    await using gateway = watching({ serviceTypes: [type] })
    await waitFor(() => expect(gateway.services).toMatchObject([{ id: 'u1', service: 'users', ready: true, metadata: { team: 'core' } }]))
    await announcer.put({
      type,
      label: 'x',
      port: 80,
      txt: ['farp.enabled=true', 'farp.id=u1', 'farp.status=unhealthy', 'farp.last-health=1'],
    })
    await waitFor(() => expect(gateway.services).toMatchObject([{ id: 'u1', service: 'users', ready: false, metadata: { team: 'core' } }]))
  })

  test('one that vanishes without a word is gone after three browses, and another one is not', async () => {
    const type = freshType()
    await using other = await Announcer.start(python!)
    await other.put({ type, label: 'other', port: 80, txt: ['name=users'] })
    await announcer.put({ type, label: 'stays', port: 80, txt: ['name=users'] })
    await using gateway = watching({ serviceTypes: [type] })
    await waitFor(() => expect(idsOf(gateway)).toEqual(['other', 'stays']))
    await other.kill()
    await waitFor(() => expect(idsOf(gateway)).toEqual(['stays']))
  })

  test('[F12.20.allowed-services] only addresses of this network count, and only services that may be found; without a list it warns', async () => {
    const type = freshType()
    await announcer.put({ type, label: 'far', port: 80, txt: ['name=users'], addresses: ['169.254.169.254'] })
    await announcer.put({ type, label: 'near', port: 80, txt: ['name=users'], addresses: ['9.9.9.9', '127.0.0.7'] })
    await announcer.put({ type, label: 'foreign', port: 80, txt: ['name=payments'] })
    const lines: Line[] = []
    await using gateway = watching({ serviceTypes: [type], allowedServices: ['users', 'orders'] }, lines)
    await waitFor(() => expect(gateway.services.map(({ id, host }) => [id, host])).toEqual([['near', '127.0.0.7']]))
    expect(lines.filter(({ fields }) => fields?.['option'] === 'allowed_services')).toEqual([])
    await using all = watching({ serviceTypes: [type] }, lines)
    await waitFor(() => expect(idsOf(all)).toEqual(['foreign', 'near']))
    expect(lines.filter(({ fields }) => fields?.['option'] === 'allowed_services')).toHaveLength(1)
  })
})

test('what an answer leaves out is asked for, also where labels have dots; a second claim to an id changes nothing', async () => {
  const type = freshType()
  const parent = [...type.split('.'), 'local']
  const [instance, host] = [
    ['users-1.2', ...parent],
    ['box', 'local'],
  ]
  await using responder = await Responder.start()
  await using gateway = watching({ serviceTypes: [type] })
  await gateway.synced
  await responder.say({ labels: parent, type: 12, data: nameBytes(instance) })
  await waitFor(() => [33, 16].every((kind) => responder.asked.includes(`${kind} ${instance.join('.')}`)))
  await responder.say(
    { labels: instance, type: 16, data: txtBytes('name=users', 'id=u1') },
    { labels: instance, type: 33, data: srvBytes(8081, host) },
  )
  await waitFor(() => responder.asked.includes('1 box.local'))
  expect(idsOf(gateway)).toEqual([])
  await responder.say({ labels: host, type: 1, data: Buffer.from([127, 0, 0, 1]) })
  await waitFor(() => expect(gateway.services).toMatchObject([{ id: 'u1', service: 'users', port: 8081 }]))

  const second = ['a', ...parent]
  await responder.say(
    { labels: parent, type: 12, data: nameBytes(second) },
    { labels: second, type: 16, data: txtBytes('name=users', 'id=u1') },
    { labels: second, type: 33, data: srvBytes(6666, host) },
    { labels: parent, type: 12, data: nameBytes(['b', ...parent]) },
    { labels: ['b', ...parent], type: 16, data: txtBytes('name=users', 'id=u2') },
    { labels: ['b', ...parent], type: 33, data: srvBytes(8082, host) },
  )
  await waitFor(() =>
    expect(gateway.services.map(({ id, port }) => [id, port])).toEqual([
      ['u1', 8081],
      ['u2', 8082],
    ]),
  )
})

test('who does not speak from the port of responders is not heard', async () => {
  const type = freshType()
  const parent = [...type.split('.'), 'local']
  await using stranger = await Responder.start(0)
  await using responder = await Responder.start()
  await using gateway = watching({ serviceTypes: [type] })
  await gateway.synced
  await stranger.say(...recordsOf(parent, 'stranger', 80))
  await responder.say(...recordsOf(parent, 'responder', 80))
  await waitFor(() => expect(idsOf(gateway)).toEqual(['responder']))
})

test('an interface that is not there is a reason that says so, and the interfaces that are', async () => {
  await using gateway = watching({ serviceTypes: ['_farp._tcp'], interface: 'nowhere0' })
  expect(await errorOf(gateway)).toMatch(/There is no interface nowhere0 .*check interface \(there are /)
  expect(gateway.isSynced).toBe(false)
})

test.each([
  [{ serviceTypes: [] }, /name at least one type/],
  [{ serviceTypes: ['farp'] }, /write a type such as _farp\._tcp/],
  [{ serviceTypes: ['_farp._udp'] }, /write a type such as _farp\._tcp/],
  [{ serviceTypes: ['_farp._tcp.local'] }, /write a type such as _farp\._tcp/],
  [{ domain: 'a b' }, /write a domain such as local/],
  [{ interval: 10 }, /must be at least 1s/],
  [{ browseTime: 'soon' }, /is not a duration/],
  [{ allowedServices: [''] }, /must not be empty/],
] as const)('an option that is wrong is a reason that names it: %j', async (options, reason) => {
  await using gateway = watching({ serviceTypes: ['_farp._tcp'], ...(options as Partial<MdnsOptions>) })
  expect(await errorOf(gateway)).toMatch(reason)
})
