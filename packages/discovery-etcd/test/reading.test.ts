import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Etcd } from '../../../tests/support/etcd.ts'
import { etcdDiscovery, type EtcdOptions } from '@octopus-gateway/discovery-etcd'
import { Relay } from '../../../tests/support/relay.ts'
import { instance, knows, watching } from './following.ts'
import { requireComponent } from '../../../tests/support/components.ts'
import { silentLogger, type ServiceSet } from '@octopus-gateway/core'
import { waitFor } from '@octopus-gateway/testing'
import type { Line } from '../../../tests/support/finding.ts'

const program = requireComponent('etcd')

describe.skipIf(program === undefined)('reading all, then following', () => {
  let etcd: Etcd
  let prefix: string
  let count = 0
  beforeAll(async () => void (etcd = await Etcd.start(program!)))
  afterAll(() => etcd[Symbol.asyncDispose]())
  const fresh = (): string => (prefix = `/t${(count += 1)}/`)
  const options = (more: EtcdOptions = {}): EtcdOptions => ({ endpoints: [etcd.url], prefixes: [fresh()], ...more })

  test('several pages are one set, as of one moment; what changes meanwhile is the next set', async () => {
    const given = options()
    await etcd.putAll(Array.from({ length: 1_203 }, (_, n) => [`${prefix}users/${n}`, instance(n + 1)]))
    let pages = 0
    await using relay = await Relay.to(etcd.port, async (text) => {
      if (!text.includes('/v3/kv/range') || (pages += 1) !== 2) return true
      // The first is on a page that has been read, the other one will be on the last.
      await etcd.remove(`${prefix}users/0`)
      await etcd.put(`${prefix}users/~`, instance(9_999))
      return true
    })
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const provider = etcdDiscovery({ ...given, endpoints: [`http://127.0.0.1:${relay.port}`] })
    const sets = provider.watch(stop.signal, { log: silentLogger, fail: expect.fail })[Symbol.asyncIterator]()
    const next = async (): Promise<number[]> => {
      const { value } = (await sets.next()) as { readonly value: ServiceSet }
      return value.map(({ port }) => port).toSorted((a, b) => a - b)
    }
    const all = Array.from({ length: 1_203 }, (_, n) => n + 1)
    expect(await next()).toEqual(all)
    expect(pages).toBe(3)
    expect(await next()).toEqual([...all.slice(1), 9_999])
  })

  test('schemas among the instances, of megabytes, are read in smaller pages', async () => {
    const given = options()
    for (let n = 0; n < 24; n++) await etcd.put(`${prefix}schemas/${n}`, 'x'.repeat(1_400_000))
    await etcd.put(`${prefix}users/a`, instance(8081))
    const gateway = watching(given)
    await knows(gateway, 8081)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('what is no instance is named once, and of many the first twenty, however often all is read', async () => {
    const given = options()
    for (let n = 0; n < 25; n++) await etcd.put(`${prefix}users/${n}`, 'hello')
    let reads = 0
    await using relay = await Relay.to(etcd.port, (text) => {
      if (text.includes('/v3/kv/range')) reads += 1
      return reads > 2 || !text.includes('/v3/watch')
    })
    const lines: Line[] = []
    const gateway = watching({ ...given, endpoints: [`http://127.0.0.1:${relay.port}`] }, lines)
    await waitFor(() => reads === 3)
    await etcd.put(`${prefix}users/a`, instance(8081))
    await knows(gateway, 8081)
    const named = lines.filter(({ message }) => message.includes('is no instance')).map(({ fields }) => fields?.['key'])
    expect([named.length, new Set(named).size]).toEqual([20, 20])
  })

  test('streams that never last do not make a loop', async () => {
    let reads = 0
    const begun = performance.now()
    await using relay = await Relay.to(etcd.port, (text) => {
      if (text.includes('/v3/kv/range')) reads += 1
      return !text.includes('/v3/watch')
    })
    const gateway = watching(options({ endpoints: [`http://127.0.0.1:${relay.port}`] }))
    await waitFor(() => reads >= 4)
    // Three pauses: 200, 400 and 800 ms, each up to a quarter less.
    expect(performance.now() - begun).toBeGreaterThan(1_050)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('what was compacted away between reading and following is read anew at once', async () => {
    let isFirst = true
    const given = options()
    await etcd.put(`${prefix}users/a`, instance(8081))
    await using relay = await Relay.to(etcd.port, async (text) => {
      if (!isFirst || !text.includes('/v3/watch')) return true
      isFirst = false
      await etcd.remove(`${prefix}users/a`)
      await etcd.put(`${prefix}users/b`, instance(8082))
      await etcd.ask('kv/compaction', { revision: await etcd.revision(), physical: true })
      return true
    })
    const lines: Line[] = []
    const gateway = watching({ ...given, endpoints: [`http://127.0.0.1:${relay.port}`] }, lines)
    await knows(gateway, 8082)
    expect(isFirst).toBe(false)
    expect(lines.map(({ message }) => message)).not.toContain('the stream of changes has ended; all is read anew')
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('a member that answers and tells no changes is not asked for them again', async () => {
    const given = options()
    let asked = 0
    await using mute = await Relay.to(etcd.port, (text) => {
      asked += 1
      return !text.includes('/v3/watch')
    })
    const gateway = watching({ ...given, endpoints: [`http://127.0.0.1:${mute.port}`, etcd.url] })
    await gateway.synced
    await etcd.put(`${prefix}users/a`, instance(8081))
    await knows(gateway, 8081)
    const before = asked
    expect(before).toBeGreaterThan(1)
    await etcd.put(`${prefix}users/b`, instance(8082))
    await knows(gateway, 8081, 8082)
    expect(asked).toBe(before)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })
})
