import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Bind } from '../../../tests/support/bind.ts'
import { createSocket } from 'node:dgram'
import { dnsDiscovery, type DnsName, type DnsOptions } from '@octopus-gateway/discovery-dns'
import { errorOf, idsOf, watched, type Line } from '../../../tests/support/finding.ts'
import { once } from 'node:events'
import { requireComponent } from '../../../tests/support/components.ts'
import { waitFor } from '@octopus-gateway/testing'
import { silentLogger, sleep, type Gateway } from '@octopus-gateway/core'

const [named, nsupdate] = [requireComponent('named'), requireComponent('nsupdate')]

const watching = (options: DnsOptions, lines?: Line[]): Gateway => watched(dnsDiscovery(options), lines)

describe.skipIf(named === undefined || nsupdate === undefined)('DNS', () => {
  let bind: Bind
  beforeAll(async () => void (bind = await Bind.start({ named: named!, nsupdate: nsupdate! })))
  afterAll(() => bind[Symbol.asyncDispose]())

  const watchingNames = (...names: readonly DnsName[]): Gateway => watching({ names, servers: [bind.server], interval: 100 })

  test('SRV: priorities and weights, several addresses, both families, and no address twice', async () => {
    await bind.change(
      'add _http._tcp.shop.test. 1 SRV 5 10 8001 one.shop.test.',
      'add _http._tcp.shop.test. 1 SRV 5 20 8002 two.shop.test.',
      'add _http._tcp.shop.test. 1 SRV 9 0 8003 three.shop.test.',
      // Another name of the first one.
      'add _http._tcp.shop.test. 1 SRV 9 0 8001 alias.shop.test.',
      'add one.shop.test. 1 A 127.0.0.1',
      'add one.shop.test. 1 AAAA ::1',
      'add alias.shop.test. 1 A 127.0.0.1',
      'add two.shop.test. 1 A 127.0.0.2',
      'add two.shop.test. 1 A 127.0.0.3',
      'add three.shop.test. 1 AAAA fd00::3',
    )
    const gateway = watchingNames({ name: '_http._tcp.shop.test' })
    await gateway.synced
    expect(gateway.services.map(({ service, host, port, weight, metadata }) => [service, host, port, weight, metadata])).toEqual([
      ['shop', '127.0.0.1', 8001, 10, {}],
      ['shop', '127.0.0.2', 8002, 10, {}],
      ['shop', '127.0.0.3', 8002, 10, {}],
      ['shop', 'fd00::3', 8003, 1, { 'octopus.priority': '1' }],
    ])
  })

  test('a host is asked for once in a round, however many records lead to it', async () => {
    await bind.change(
      'add _p._tcp.many.test. 1 SRV 0 0 8001 host.many.test.',
      'add _p._tcp.many.test. 1 SRV 0 0 8002 host.many.test.',
      'add _q._tcp.many.test. 1 SRV 0 0 8003 host.many.test.',
      'add host.many.test. 1 A 127.0.0.1',
    )
    const gateway = watchingNames({ name: '_p._tcp.many.test' }, { name: '_q._tcp.many.test' })
    await gateway.synced
    expect(idsOf(gateway).length).toBe(3)
    await gateway[Symbol.asyncDispose]()
    expect(bind.asked('A', 'host.many.test')).toBeLessThanOrEqual(bind.asked('SRV', '_p._tcp.many.test'))
  })

  test('addresses with a port of the configuration', async () => {
    await bind.change('add mail.test. 1 A 127.0.0.2', 'add mail.test. 1 A 127.0.0.1')
    const gateway = watchingNames({ name: 'mail.test', type: 'a', port: 25, service: 'post' })
    await gateway.synced
    expect(gateway.services.map(({ service, host, port, weight }) => [service, host, port, weight])).toEqual([
      ['post', '127.0.0.1', 25, 0.5],
      ['post', '127.0.0.2', 25, 0.5],
    ])
  })

  test('TXT at the name and at _farp.<name> is metadata; version, zone and scheme are understood, and TLS keeps the host', async () => {
    await bind.change(
      'add _stock._tcp.test. 1 SRV 0 0 8443 stock.test.',
      'add stock.test. 1 A 127.0.0.1',
      'add _stock._tcp.test. 1 TXT "version=v1" "zone=eu-1" "team=core" "scheme=https"',
      'add _farp._stock._tcp.test. 1 TXT "farp.manifest=https://stock.test:8443/m" "version=v2"',
    )
    const gateway = watchingNames({ name: '_stock._tcp.test' })
    await gateway.synced
    const metadata = { version: 'v2', zone: 'eu-1', team: 'core', scheme: 'https', 'farp.manifest': 'https://stock.test:8443/m' }
    expect(gateway.services).toMatchObject([
      { id: 'stock.test:8443', service: 'stock', host: 'stock.test', secure: true, version: 'v2', zone: 'eu-1', metadata },
    ])
    await bind.change('delete _farp._stock._tcp.test. TXT')
    await waitFor(() => expect(gateway.services).toMatchObject([{ version: 'v1' }]))
    // What is not there is asked for less often, and found all the same.
    await bind.change('add _farp._stock._tcp.test. 1 TXT "version=v3"')
    await waitFor(() => gateway.services[0]?.version === 'v3')
  })

  test('metadata that is not there is asked for every fifth round, what is there in every one', async () => {
    await bind.change('add once.test. 1 A 127.0.0.1', 'add once.test. 1 TXT "a=b"')
    const gateway = watchingNames({ name: 'once.test', type: 'a', port: 1 })
    await gateway.synced
    await waitFor(() => bind.asked('A', 'once.test') >= 20)
    const [rounds, there, missing] = [bind.asked('A', 'once.test'), bind.asked('TXT', 'once.test'), bind.asked('TXT', '_farp.once.test')]
    expect(there).toBeGreaterThanOrEqual(rounds - 1)
    expect(missing).toBeGreaterThan(1)
    // A slow machine has longer rounds, and asks in more of them.
    expect(missing).toBeLessThanOrEqual(there - 3)
  })

  test('what may be kept for a shorter time than the interval is asked for when that is over, a long one does not delay', async () => {
    await bind.change('add brief.test. 1 A 127.0.0.1', 'add brief.test. 1 TXT "a=b"')
    const gateway = watching({ names: [{ name: 'brief.test', type: 'a', port: 1 }], servers: [bind.server], interval: '1h' })
    await gateway.synced
    await bind.change('delete brief.test. A', 'add brief.test. 3600 A 127.0.0.2')
    await waitFor(() => expect(gateway.services.map(({ host }) => host)).toEqual(['127.0.0.2']))
    const often = watchingNames({ name: 'brief.test', type: 'a', port: 1 })
    await often.synced
    await bind.change('delete brief.test. A', 'add brief.test. 0 A 127.0.0.3')
    await waitFor(() => expect(often.services.map(({ host }) => host)).toEqual(['127.0.0.3']))
  })

  test('a TTL of nothing does not make a loop', async () => {
    await bind.change('add zero.test. 0 A 127.0.0.1')
    const begun = performance.now()
    watching({ names: [{ name: 'zero.test', type: 'a', port: 1 }], servers: [bind.server], interval: '1h' })
    await waitFor(() => bind.asked('A', 'zero.test') >= 3)
    // Three questions have two pauses of a second between them, give or take a tenth.
    expect(performance.now() - begun).toBeGreaterThan(1_500)
  })

  test('a name that is gone has no instances; one that cannot be asked keeps them, while others change', async () => {
    await bind.change('add a.gone.test. 1 A 127.0.0.1', 'add b.gone.test. 1 A 127.0.0.1')
    const gateway = watchingNames({ name: 'a.gone.test', type: 'a', port: 1 }, { name: 'b.gone.test', type: 'a', port: 2 })
    await gateway.synced
    expect(idsOf(gateway)).toEqual(['127.0.0.1:1', '127.0.0.1:2'])
    // NXDOMAIN for one, NODATA for the other.
    await bind.change('delete a.gone.test.', 'delete b.gone.test.', 'add b.gone.test. 1 TXT "still here"')
    await waitFor(() => expect(idsOf(gateway)).toEqual([]))
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('SERVFAIL and REFUSED are outages with a reason, not empty answers', async () => {
    for (const [name, reason] of [
      ['a.broken', /which A records a\.broken has \(ESERVFAIL, asked 127\.0\.0\.1:\d+\): the name server could not find out/],
      ['a.secret', /\(EREFUSED, .*does not answer such questions from here/],
    ] as const) {
      const gateway = watchingNames({ name, type: 'a', port: 1 })
      expect(await errorOf(gateway)).toMatch(reason)
      expect(gateway.isSynced).toBe(false)
    }
  })

  test('one name that fails later keeps its instances and is named; the others go on', async () => {
    await using other = await Bind.start({ named: named!, nsupdate: nsupdate! })
    await other.change('add x.test. 1 A 127.0.0.1')
    const lines: Line[] = []
    const names = ['x.test', 'ns.fixed'].map((name, n) => ({ name, type: 'a' as const, port: n + 1 }))
    const gateway = watching({ names, servers: [other.server], interval: 100 }, lines)
    await gateway.synced
    await other.stop()
    await waitFor(() => expect(gateway.providers[0]?.state).toBe('failing'))
    other.breakFixed(true)
    await other.start()
    await other.change('delete x.test.', 'add x.test. 1 A 127.0.0.9')
    await waitFor(() => expect(idsOf(gateway)).toEqual(['127.0.0.9:1', '127.0.0.1:2'].toSorted()))
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
    await other.stop()
    other.breakFixed(false)
    await other.start()
    await waitFor(() => expect(lines.map(({ message }) => message)).toContain('a name can be looked up again'))
    const reasons = lines
      .filter(({ message }) => message.startsWith('a name cannot be looked up'))
      .map(({ fields }) => String(fields?.['reason']))
    expect(reasons.some((reason) => reason.includes('ns.fixed has (ESERVFAIL'))).toBe(true)
  })
})

test('who stops while a question is under way does not wait for its end', async () => {
  const silent = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const socket = createSocket('udp4')
      onTestFinished(() => void socket.close())
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
      return socket
    }),
  )
  const servers = silent.map((socket) => `127.0.0.1:${socket.address().port}`)
  const asked = Promise.race(silent.map((socket) => once(socket, 'message')))
  const controller = new AbortController()
  const sets = dnsDiscovery({ names: [{ name: 'a.test' }], servers }).watch(controller.signal, { log: silentLogger, fail: expect.fail })
  const first = sets[Symbol.asyncIterator]().next()
  await asked
  controller.abort()
  // Four servers that say nothing would take twenty seconds.
  expect(await Promise.race([first, sleep(10_000)])).toMatchObject({ done: true })
})

test.each([
  [{ names: [] }, /name at least one service/],
  [{ names: [{ name: 'a.test', type: 'a' }] }, /give port with type a/],
  [{ names: [{ name: 'a.test', port: 1 }] }, /SRV records have ports of their own/],
  [{ names: [{ name: 'a.test' }], servers: ['ns.test'] }, /write the address of a name server/],
  [{ names: [{ name: 'a.test' }], interval: 10 }, /must be at least 100ms/],
  [{ names: [{ name: 'a.test' }], interval: 'soon' }, /is not a duration/],
] as const)('an option that is wrong is a reason that names it: %j', async (options, reason) => {
  const gateway = watching(options as unknown as DnsOptions)
  expect(await errorOf(gateway)).toMatch(reason)
})
