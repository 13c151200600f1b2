import { consulDiscovery, type ConsulOptions } from '@octopus-gateway/discovery-consul'
import { errorOf, watched, type Line } from '../../../tests/support/finding.ts'
import { expect, onTestFinished, test } from 'vitest'
import { fakeConsul } from '../../../tests/support/registries/consul.ts'
import { startConsul, startRawServer, respondWith, waitFor, type Consul } from '@octopus-gateway/testing'
import { testBehaviours } from './behaviours.ts'
import type { Gateway } from '@octopus-gateway/core'

// What a real Consul does as well.
testBehaviours('the stand-in', fakeConsul)

async function consulWith(options: Parameters<typeof startConsul>[0] = {}): Promise<Consul> {
  const consul = await startConsul(options)
  onTestFinished(() => consul[Symbol.asyncDispose]())
  return consul
}

const watching = (options: ConsulOptions, lines?: Line[]): Gateway => watched(consulDiscovery(options), lines)

const ids = ({ services }: Gateway): string[] => services.map(({ id }) => id.split('/')[1]!)

test('an index that starts again is noticed, and changes after that are known', async () => {
  const consul = await consulWith()
  for (let i = 0; i < 5; i++) consul.register({ Name: 'users', ID: `u${i}`, Port: 1 + i })
  const gateway = watching({ address: consul.address })
  await gateway.synced
  // Both questions wait; one that comes later with the old index would be held back, in Consul as well.
  const waiting = `index=${consul.catalog.index}`
  await waitFor(() => new Set(consul.requests.filter(({ url }) => url.includes(waiting)).map(({ url }) => url)).size === 2)
  const before = consul.requests.length
  consul.catalog.restartIndex()
  await waitFor(() => consul.requests.slice(before).filter(({ url }) => !url.includes('index=')).length >= 2)
  consul.register({ Name: 'users', ID: 'late', Port: 99 })
  await waitFor(() => ids(gateway).includes('late'))
  consul.register({ Name: 'orders', Port: 98 })
  await waitFor(() => ids(gateway).includes('orders'))
  expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
})

test('answers without news make no set', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', Port: 1 })
  const sets: unknown[] = []
  const stop = new AbortController()
  const log = { error() {}, warn() {}, info() {}, debug() {} }
  const ended = (async () => {
    for await (const set of consulDiscovery({ address: consul.address }).watch(stop.signal, { log, fail: expect.fail })) sets.push(set)
  })()
  await waitFor(() => sets.length === 1)
  for (let i = 0; i < 3; i++) {
    const { length } = consul.requests
    consul.catalog.touch('catalog', 'service/users')
    await waitFor(() => consul.requests.length >= length + 2)
  }
  consul.register({ Name: 'users', Port: 2 })
  await waitFor(() => sets.length >= 2)
  stop.abort()
  await ended
  expect(sets).toHaveLength(2)
})

test('the token goes with every question, and into no message', async () => {
  const consul = await consulWith({ tokens: ['t0p-s3cret'] })
  consul.register({ Name: 'users', Port: 1 })
  const lines: Line[] = []
  const gateway = watching({ address: consul.address, token: 't0p-s3cret' }, lines)
  await gateway.synced
  expect(ids(gateway)).toEqual(['users'])
  consul.failWith({ status: 403, text: 'rpc error: token t0p-s3cret lacks permission' })
  consul.catalog.touch('catalog', 'service/users')
  expect(await errorOf(gateway)).toMatch(
    /answered 403 .*\[token\] lacks permission.*: the token was refused; give one in token that may read/,
  )
  expect(JSON.stringify([lines, gateway.providers])).not.toContain('t0p-s3cret')
  expect(consul.requests.length).toBeGreaterThan(2)
  expect(new Set(consul.requests.map(({ token }) => token))).toEqual(new Set(['t0p-s3cret']))
  expect(consul.requests.filter(({ url }) => url.includes('t0p'))).toEqual([])
})

test('namespaces are asked for where Consul has them', async () => {
  const consul = await consulWith({ namespaces: true })
  consul.register({ Name: 'users', ID: 'theirs', Port: 1, Namespace: 'team' })
  consul.register({ Name: 'users', ID: 'ours', Port: 2 })
  const gateway = watching({ address: consul.address, namespace: 'team' })
  await gateway.synced
  expect(ids(gateway)).toEqual(['theirs'])
})

test('nobody asks for what cannot take part: Consul itself, and services without the tags', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', ID: 'a', Port: 1, Tags: ['farp'] })
  consul.register({ Name: 'orders', ID: 'c', Port: 3, Tags: ['blue'] })
  const gateway = watching({ address: consul.address, tags: ['farp'] })
  await gateway.synced
  expect(ids(gateway)).toEqual(['a'])
  expect(consul.requests.filter(({ url }) => /service\/(consul|orders)/.test(url))).toEqual([])
})

test('how consistent an answer has to be is said with every question', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', Port: 1 })
  for (const consistency of ['stale', 'consistent'] as const) {
    const before = consul.requests.length
    const gateway = watching({ address: consul.address, consistency })
    await gateway.synced
    await gateway[Symbol.asyncDispose]()
    await waitFor(() => consul.open === 0)
    const asked = consul.requests.slice(before).map(({ url }) => new URL(url, 'http://x').searchParams.has(consistency))
    expect([asked.length > 1, asked.every(Boolean)]).toEqual([true, true])
  }
})

test('what is not Consul is told apart', async () => {
  const body = '<h1>hello</h1>'
  await using page = await startRawServer(respondWith(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
  expect(await errorOf(watching({ address: `127.0.0.1:${page.port}` }))).toMatch(/something that is not JSON: is this Consul\?/)
  await using list = await startRawServer(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]'))
  expect(await errorOf(watching({ address: `127.0.0.1:${list.port}` }))).toMatch(/with something else/)
})

test('a registry gone mad does not fill the memory, and the reason says what to do', async () => {
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`s${n}`, []])))
  await using mad = await startRawServer(respondWith(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
  expect(await errorOf(watching({ address: `127.0.0.1:${mad.port}` }))).toMatch(
    /knows 10001 services, more than 10000; narrow them down with tags/,
  )
})

test('options that are wrong are named', async () => {
  for (const [options, problem] of [
    [{ address: 'http://consul:8500' }, /address: write host and port/],
    [{ token: 'abc\n' }, /token: holds characters that no token has/],
    [{ tls: { cert: 'x' } }, /tls: cert and key belong together/],
  ] as const)
    expect(await errorOf(watching(options))).toMatch(problem)
})

test('of keys that lead elsewhere, or nowhere, nobody is asked', async () => {
  const consul = await consulWith()
  const { keyValues } = consulDiscovery({ address: consul.address })
  const get = (key: string): Promise<unknown> => keyValues!.get(key, new AbortController().signal)
  expect([await get('nothing'), await get('../agent/self'), await get('a//b'), await get('')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(consul.requests.map(({ url }) => url)).toEqual(['/v1/kv/nothing'])
  await waitFor(() => consul.open === 0)
})
