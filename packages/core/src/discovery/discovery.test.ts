import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createGateway } from '../gateway.ts'
import { Discovery } from './supervise.ts'
import { endpointsOf } from './resolve.ts'
import { instance, ScriptedProvider, ScriptedSource, setOf } from '../../test/support/scripted-control.ts'
import { poll } from './poll.ts'
import { recorder } from '../../test/support/scripted.ts'
import { staticDiscovery } from './static.ts'
import type { DiscoveryProvider } from './provider.ts'

const flush = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
const ports = (discovery: Discovery): number[] | undefined => discovery.services.value?.map(({ port }) => port)

describe('the supervisor', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function run(...providers: DiscoveryProvider[]): { discovery: Discovery; lines: ReturnType<typeof recorder>['lines'] } {
    const { log, lines } = recorder()
    const discovery = new Discovery(log)
    onTestFinished(() => discovery.stop())
    discovery.use(providers)
    return { discovery, lines }
  }

  it('starts a failing provider again, later each time, and keeps its last good set', async () => {
    const provider = new ScriptedProvider()
    const { discovery, lines } = run(provider)
    provider.say([instance('a', 1)])
    await flush()
    expect(discovery.status[0]).toMatchObject({ name: 'scripted', state: 'synced', instances: 1, error: null })
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) {
      provider.fail('down')
      await flush()
      expect(discovery.status[0]).toMatchObject({ state: 'failing', instances: 1, error: 'down' })
      pauses.push(lines.at(-1)!.fields['retry_in_ms'] as number)
      expect(lines.at(-1)!.fields['age_ms']).toBe(pauses.slice(0, -1).reduce((sum, pause) => sum + pause, 0))
      // Not before three quarters of it, and not after it.
      await vi.advanceTimersByTimeAsync(pauses.at(-1)! * 0.75 - 1)
      expect(provider.starts).toBe(i + 1)
      await vi.advanceTimersByTimeAsync(pauses.at(-1)! / 4 + 1)
      expect(provider.starts).toBe(i + 2)
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    expect(provider.starts).toBe(10)
    expect(ports(discovery)).toEqual([1])
    provider.say([instance('a', 2)])
    await vi.advanceTimersByTimeAsync(60)
    expect(ports(discovery)).toEqual([2])
    expect(discovery.status[0]).toMatchObject({ state: 'synced', error: null })
    expect(lines.at(-1)).toMatchObject({ message: 'discovery provider is back', fields: { outage_ms: 45_750 } })
    // Its word is as old as it was said last, also where it says nothing new.
    await vi.advanceTimersByTimeAsync(10_000)
    provider.say([instance('a', 2)])
    await flush()
    expect(discovery.status[0]!.syncedAt).toBe(Date.now())
    provider.fail('again')
    await flush()
    expect(lines.at(-1)!.fields['retry_in_ms']).toBe(250)
  })

  it('one that says what there is and fails at once, again and again, is started later each time as well', async () => {
    let starts = 0
    run({
      name: 'brief',
      async *watch() {
        starts += 1
        yield [instance('a', 1)]
        throw new Error('may list and not watch')
      },
    })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(starts).toBeGreaterThan(8)
    expect(starts).toBeLessThan(20)
  })

  it('one that sees by itself when it can go on is not started again: it fails until its next set, and says why once', async () => {
    let starts = 0
    let see = (): void => {}
    const seen = new Promise<void>((resolve) => (see = resolve))
    const other = new ScriptedProvider('other')
    const { discovery, lines } = run(
      {
        name: 'patient',
        async *watch(_signal, host) {
          starts += 1
          host.fail('not there')
          host.fail('not there')
          await seen
          yield [instance('a', 1)]
          host.fail('gone')
          await new Promise(() => {})
        },
      },
      other,
    )
    other.say([instance('b', 2)])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(discovery.status[0]).toMatchObject({ state: 'failing', error: 'not there', syncedAt: null })
    expect([ports(discovery), discovery.hasReported, starts]).toEqual([[2], false, 1])
    see()
    await vi.advanceTimersByTimeAsync(60)
    expect(discovery.status[0]).toMatchObject({ state: 'failing', error: 'gone', instances: 1 })
    expect([ports(discovery), discovery.hasReported]).toEqual([[1, 2], true])
    const told = lines.map(({ message, fields }) => [message.split(';')[0], fields['reason']])
    expect(told).toEqual([
      ['discovery provider failed', 'not there'],
      ['discovery provider is back', undefined],
      ['discovery provider failed', 'gone'],
    ])
    expect(lines[2]!.fields).toEqual({ provider: 'patient', reason: 'gone', age_ms: 0 })
  })

  it('a provider that ends by itself is started again', async () => {
    let starts = 0
    const { discovery } = run({
      name: 'ends',
      async *watch() {
        starts += 1
        yield [instance('a', 1)]
      },
    })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(starts).toBeGreaterThan(3)
    expect(ports(discovery)).toEqual([1])
  })

  it('lets bursts through as one, and drops what says nothing new', async () => {
    const provider = new ScriptedProvider()
    const { discovery } = run(provider)
    const seen = vi.fn()
    void (async () => {
      for await (const set of discovery.services.values(new AbortController().signal)) seen(set.map(({ port }) => port))
    })()
    provider.say([instance('a', 1)])
    await flush()
    for (let port = 2; port < 30; port++) provider.say([instance('a', port)])
    await vi.advanceTimersByTimeAsync(60)
    provider.say([instance('a', 29)])
    await vi.advanceTimersByTimeAsync(60)
    expect(seen.mock.calls).toEqual([[[1]], [[29]]])
  })

  it('waits for all providers before it tells anything, but not for one that fails', async () => {
    const [good, slow] = [new ScriptedProvider('good'), new ScriptedProvider('slow')]
    const { discovery } = run(good, slow)
    good.say([instance('a', 1)])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ports(discovery)).toBeUndefined()
    slow.fail('unreachable')
    await vi.advanceTimersByTimeAsync(100)
    expect(ports(discovery)).toEqual([1])
    expect(discovery.hasReported).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    slow.say([instance('b', 2)])
    await vi.advanceTimersByTimeAsync(100)
    expect(ports(discovery)).toEqual([1, 2])
    expect(discovery.hasReported).toBe(true)
  })

  it('merges providers: the first one wins an instance both know, and marks whose it is', async () => {
    const [one, two] = [new ScriptedProvider('one'), new ScriptedProvider('two')]
    const { discovery } = run(one, two)
    two.say([{ ...instance('a', 1), host: '10.0.0.2', provider: 'forged' }, instance('b', 2)])
    one.say([instance('a', 1)])
    await flush()
    expect(discovery.services.value!.map(({ host, port, provider }) => [host, port, provider])).toEqual([
      ['127.0.0.1', 1, 'one'],
      ['127.0.0.1', 2, 'two'],
    ])
  })

  it('a provider that yields adds no instance to a service that another one knows, in any letter case, wherever it is named', async () => {
    const [claims, registry] = [Object.assign(new ScriptedProvider('claims'), { yields: true }), new ScriptedProvider('registry')]
    const { discovery } = run(claims, registry)
    claims.say([instance('a', 1), instance('A', 2), instance('b', 3)])
    registry.say([instance('a', 4)])
    await flush()
    expect(ports(discovery)).toEqual([4, 3])
    registry.say([instance('b', 5)])
    await vi.advanceTimersByTimeAsync(60)
    expect(ports(discovery)).toEqual([5, 1, 2])
  })

  it('a provider that yields is not heard before the others have said what they know', async () => {
    const [claims, registry] = [Object.assign(new ScriptedProvider('claims'), { yields: true }), new ScriptedProvider('registry')]
    const { discovery } = run(claims, registry)
    claims.say([instance('a', 1)])
    registry.fail('unreachable')
    await vi.advanceTimersByTimeAsync(100)
    expect(ports(discovery)).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    registry.say([])
    await vi.advanceTimersByTimeAsync(100)
    expect(ports(discovery)).toEqual([1])
    // What it knew holds through an outage.
    registry.say([instance('a', 2)])
    await vi.advanceTimersByTimeAsync(100)
    registry.fail('unreachable')
    await vi.advanceTimersByTimeAsync(100)
    expect(ports(discovery)).toEqual([2])
  })

  it('leaves out an instance whose address is none, and says so once', async () => {
    const provider = new ScriptedProvider()
    const { discovery, lines } = run(provider)
    const set = [
      instance('a', 1),
      instance('a', 0),
      instance('a', 70_000),
      instance('a', 1.5),
      instance('x', 2, { host: 'a/b' }),
      instance('x', 3, { host: 'user@evil' }),
      instance('x', 4, { host: '' }),
      instance('x', 5, { host: '::1' }),
    ]
    provider.say(set)
    // Who asks at intervals tells other objects every time.
    provider.say(set.map((one) => ({ ...one })))
    provider.say([...set.map((one) => ({ ...one })), instance('a', 6)])
    await vi.advanceTimersByTimeAsync(60)
    expect(ports(discovery)).toEqual([1, 5, 6])
    expect(lines.filter((line) => line.message.includes('usable address'))).toHaveLength(6)
  })

  it('an equal provider runs on, others start and stop', async () => {
    const { discovery } = run(staticDiscovery([{ name: 'a', address: 'a.test', port: 1 }]))
    await flush()
    const kept = new ScriptedProvider('kept')
    discovery.use([staticDiscovery([{ name: 'a', address: 'a.test', port: 1 }]), kept])
    kept.say([])
    await vi.advanceTimersByTimeAsync(60)
    expect(ports(discovery)).toEqual([1])
    discovery.use([kept])
    await vi.advanceTimersByTimeAsync(60)
    expect([ports(discovery), kept.starts, kept.isOpen]).toEqual([[], 1, true])
    discovery.use([])
    await flush()
    expect(kept.isOpen).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('poll asks at once and then with jitter, until the signal', async () => {
    const list = vi.fn(async () => [instance('a', list.mock.calls.length)])
    const abort = new AbortController()
    const reader = poll(list, { every: '10s', jitter: 0.2 })(abort.signal, { log: recorder().log, fail: expect.fail })[
      Symbol.asyncIterator
    ]()
    expect((await reader.next()).value).toHaveLength(1)
    const second = reader.next()
    await vi.advanceTimersByTimeAsync(7_999)
    expect(list).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(4_002)
    expect((await second).value).toHaveLength(1)
    const last = reader.next()
    abort.abort()
    expect((await last).done).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('endpointsOf', () => {
  it('takes the ready instances of the service, in a stable order, IPv6 in brackets', () => {
    const services = [
      instance('a', 2, { secure: true, zone: 'z', version: '2' }),
      instance('a', 1, { host: '::1', weight: 3 }),
      instance('a', 3, { ready: false }),
      instance('b', 4),
    ]
    expect(endpointsOf(services, 'a')).toEqual([
      { id: 'a/a-1', origin: 'http://[::1]:1', weight: 3, labels: { instance: 'a-1' } },
      { id: 'a/a-2', origin: 'https://127.0.0.1:2', weight: 1, zone: 'z', labels: { instance: 'a-2', version: '2' } },
    ])
    expect(endpointsOf(services.toReversed(), 'a')).toEqual(endpointsOf(services, 'a'))
  })
})

describe('ready and synced', () => {
  it('ready needs no report; synced waits for every provider and source', async () => {
    const provider = new ScriptedProvider()
    const source = new ScriptedSource()
    const gateway = createGateway({
      discovery: [provider],
      sources: [source],
      upstreams: { up: () => new Response('ok') },
      routes: [{ path: '/', upstream: 'up' }],
    })
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    await gateway.ready
    expect((await gateway.request('/')).status).toBe(200)
    source.say([setOf('a', '1', ['/a'])])
    await vi.waitFor(() => expect(gateway.snapshot.generation).toBe(2))
    expect(gateway.isSynced).toBe(false)
    provider.say([instance('a', 1)])
    await gateway.synced
    expect(gateway.services).toHaveLength(1)
    expect(gateway.snapshot.upstreams.get('a')!.endpoints).toHaveLength(1)
  })

  it('a source that fails keeps its routes and is started again', async () => {
    const source = new ScriptedSource()
    const { log, lines } = recorder()
    const gateway = createGateway({ sources: [source], log })
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    source.say([setOf('a', '1', ['/a'])])
    await gateway.synced
    source.fail('broke')
    await vi.waitFor(() =>
      expect(lines.at(-1)).toMatchObject({ level: 'error', fields: { source: 'scripted', reason: 'broke', retry_in_ms: 250 } }),
    )
    expect(gateway.snapshot.routes).toHaveLength(1)
    await vi.waitFor(() => expect(source.starts).toBe(2), 2_000)
    source.say([setOf('a', '2', ['/a', '/b'])])
    await vi.waitFor(() => expect(gateway.snapshot.routes).toHaveLength(2))
  })

  it('a provider that first fails and then reports nothing still counts as synced', async () => {
    const provider = new ScriptedProvider()
    const gateway = createGateway({ discovery: [provider] })
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    await gateway.ready
    provider.fail('not yet')
    await vi.waitFor(() => expect(gateway.providers[0]!.state).toBe('failing'))
    provider.say([])
    await gateway.synced
    expect(gateway.providers[0]!.state).toBe('synced')
  })
})
