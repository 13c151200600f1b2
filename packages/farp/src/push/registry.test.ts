import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { memoryStore } from '@octopus-gateway/core'
import { Registry } from './registry.ts'
import { beatKey, readRegistration, registrationKey } from './registration.ts'
import type { KeyValueStore, StoreEntry } from '@octopus-gateway/core'
import type { Registration } from './registration.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const GIVEN = {
  service: 'users',
  id: 'u-1',
  version: '1.0.0',
  host: '10.0.0.1',
  named: '10.0.0.1',
  port: 8080,
  secure: false,
  tags: [],
  metadata: {},
  manifest: undefined,
  status: '',
  owner: 'token:1',
  source: '10.0.0.1',
}

interface Watched {
  readonly registry: Registry
  readonly logged: string[]
  readonly ids: () => string[]
}

async function start(store: KeyValueStore = memoryStore()): Promise<Watched> {
  const logged: string[] = []
  const note = (message: string): void => void logged.push(message)
  const log = { error: note, warn: note, info: note, debug() {} }
  const registry = new Registry({ store, log, heartbeatTimeout: 30_000, changed() {} })
  onTestFinished(() => registry.stop())
  await vi.advanceTimersByTimeAsync(0)
  return { registry, logged, ids: () => registry.list.map(({ id }) => id) }
}

test('who has sent a heartbeat is out thirty seconds after the last one, who never has stays', async () => {
  const { registry, ids } = await start()
  const beating = await registry.put(GIVEN)
  await registry.put({ ...GIVEN, id: 'forge' })
  await vi.advanceTimersByTimeAsync(120_000)
  expect(ids()).toEqual(['forge', 'u-1'])
  await registry.beat(beating, 'healthy')
  await vi.advanceTimersByTimeAsync(20_000)
  await registry.beat(beating, 'healthy')
  await vi.advanceTimersByTimeAsync(29_999)
  expect(ids()).toEqual(['forge', 'u-1'])
  await vi.advanceTimersByTimeAsync(1)
  expect(ids()).toEqual(['forge'])
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(ids()).toEqual(['forge'])
})

test('after a restart an instance has the whole time for its next heartbeat', async () => {
  const store = memoryStore()
  const first = await start(store)
  await first.registry.beat(await first.registry.put(GIVEN), 'degraded')
  first.registry.stop()
  await vi.advanceTimersByTimeAsync(3_600_000)
  const { registry, ids } = await start(store)
  expect(registry.list).toMatchObject([{ id: 'u-1', status: 'degraded' }])
  await vi.advanceTimersByTimeAsync(29_000)
  expect(ids()).toEqual(['u-1'])
  await vi.advanceTimersByTimeAsync(1_001)
  expect(ids()).toEqual([])
  expect(await store.list('')).toEqual([])
})

test('a heartbeat at one gateway keeps the instance at the others, though not every one is stored', async () => {
  const inner = memoryStore()
  let writes = 0
  const store: KeyValueStore = { ...bound(inner), set: (key, value, how) => (writes++, inner.set(key, value, how)) }
  const here = await start(store)
  const there = await start(store)
  const registration = await here.registry.put(GIVEN)
  writes = 0
  for (let beat = 0; beat < 30; beat++) {
    await here.registry.beat(registration, 'healthy')
    await vi.advanceTimersByTimeAsync(10_000)
  }
  expect([here.ids(), there.ids()]).toEqual([['u-1'], ['u-1']])
  expect(writes).toBeLessThanOrEqual(15)
  await here.registry.beat(registration, 'draining')
  await vi.advanceTimersByTimeAsync(0)
  expect(there.registry.list).toMatchObject([{ status: 'draining' }])
})

test('a list of the store that is older than what happened here changes nothing', async () => {
  const inner = memoryStore()
  let say: (entries: readonly StoreEntry[]) => void = () => {}
  const store: KeyValueStore = {
    ...bound(inner),
    async *watch(_prefix, signal) {
      yield []
      while (!signal.aborted) yield await new Promise<readonly StoreEntry[]>((resolve) => (say = resolve))
    },
  }
  const { registry, ids } = await start(store)
  const registration = await registry.put(GIVEN)
  await vi.advanceTimersByTimeAsync(100)
  const tell = async (entries: readonly StoreEntry[]): Promise<void> => {
    say(entries)
    await vi.advanceTimersByTimeAsync(100)
  }
  // Before it was registered.
  await tell([])
  expect(ids()).toEqual(['u-1'])
  const old = { key: registrationKey('users/u-1'), value: (await inner.get(registrationKey('users/u-1')))! }
  await registry.put({ ...GIVEN, port: 9090 })
  await tell([old])
  expect(registry.list).toMatchObject([{ port: 9090 }])
  await registry.remove(registration, 'deregistered')
  await tell([old])
  expect(ids()).toEqual([])
  // But what another gateway removed, or registered, is taken over.
  await registry.put(GIVEN)
  await inner.delete(registrationKey('users/u-1'))
  await tell([])
  expect(ids()).toEqual([])
  const theirs: Registration = { ...registration, id: 'u-2', revision: 1 }
  await inner.set(registrationKey('users/u-2'), JSON.stringify(theirs))
  await tell(await inner.list(''))
  expect(ids()).toEqual(['u-2'])
})

test('who registers again while an older list is looked at stays as it is now', async () => {
  const inner = memoryStore()
  let say: (entries: readonly StoreEntry[]) => void = () => {}
  const store: KeyValueStore = {
    ...bound(inner),
    get: (key) => new Promise((resolve) => setTimeout(() => resolve(inner.get(key)), 10)),
    async *watch(_prefix, signal) {
      yield []
      while (!signal.aborted) yield await new Promise<readonly StoreEntry[]>((resolve) => (say = resolve))
    },
  }
  const { registry } = await start(store)
  const registration = await registry.put(GIVEN)
  const old = await inner.list('')
  await registry.remove(registration, 'deregistered')
  say(old)
  await vi.advanceTimersByTimeAsync(0)
  await registry.put({ ...GIVEN, port: 9090 })
  await vi.advanceTimersByTimeAsync(10)
  expect(registry.list).toMatchObject([{ port: 9090 }])
})

test('what happens while the store is slow is stored in its order', async () => {
  const inner = memoryStore()
  const slow: KeyValueStore = {
    ...bound(inner),
    async set(key, value) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      await inner.set(key, value)
    },
  }
  const { registry } = await start(slow)
  const put = registry.put(GIVEN)
  const removed = registry.remove(GIVEN, 'deregistered')
  await vi.advanceTimersByTimeAsync(5000)
  await Promise.all([put, removed])
  expect(await inner.list('')).toEqual([])
  expect(registry.list).toEqual([])
})

test('a store that cannot be reached costs durability only, and is asked again', async () => {
  const inner = memoryStore()
  let isBroken = true
  const fail = (): Promise<never> => Promise.reject(new Error('gone'))
  const store: KeyValueStore = {
    get: (key) => (isBroken ? fail() : inner.get(key)),
    set: (key, value) => (isBroken ? fail() : inner.set(key, value)),
    delete: (key) => (isBroken ? fail() : inner.delete(key)),
    list: (prefix) => (isBroken ? fail() : inner.list(prefix)),
    async *watch(prefix, signal) {
      if (isBroken) await fail()
      yield* inner.watch(prefix, signal)
    },
  }
  const { registry, ids, logged } = await start(store)
  expect(registry.isLoaded).toBe(true)
  await registry.put(GIVEN)
  expect(ids()).toEqual(['u-1'])
  expect(new Set(logged)).toEqual(
    new Set([
      'registrations cannot be read from the store; those that are known hold',
      'a registration could not be stored; it holds in this process only',
    ]),
  )
  isBroken = false
  await inner.set(registrationKey('users/u-2'), JSON.stringify({ ...GIVEN, id: 'u-2', registeredAt: 1, revision: 1 }))
  await vi.advanceTimersByTimeAsync(1000)
  expect(ids()).toEqual(['u-1', 'u-2'])
})

test('what is stored by anybody is judged before it is used', () => {
  const good = { ...GIVEN, registeredAt: 1, revision: 1 }
  expect(readRegistration(JSON.stringify(good), 'users/u-1')).toMatchObject({ id: 'u-1', beatAt: undefined })
  for (const bad of [
    'x',
    'null',
    '[]',
    JSON.stringify({ ...good, id: 'u-2' }),
    JSON.stringify({ ...good, service: '../x' }),
    JSON.stringify({ ...good, host: '169.254.169.254' }),
    JSON.stringify({ ...good, port: 0 }),
    JSON.stringify({ ...good, revision: '1' }),
    JSON.stringify({ ...good, owner: undefined }),
  ]) {
    expect(readRegistration(bad, 'users/u-1'), bad).toBeUndefined()
  }
})

test('heartbeats are stored apart, without the manifest', async () => {
  const store = memoryStore()
  const { registry } = await start(store)
  const registration = await registry.put({ ...GIVEN, manifest: '{"large":true}' })
  await registry.beat(registration, 'healthy')
  expect(await store.get(beatKey('users/u-1'))).not.toContain('large')
  expect(await store.get(registrationKey('users/u-1'))).toContain('large')
})

function bound(store: KeyValueStore): KeyValueStore {
  return {
    get: (key) => store.get(key),
    set: (key, value, how) => store.set(key, value, how),
    delete: (key) => store.delete(key),
    list: (prefix) => store.list(prefix),
    watch: (prefix, signal) => store.watch(prefix, signal),
  }
}
