import { consulDiscovery, type ConsulOptions } from '@octopus-gateway/discovery-consul'
import { createGateway, type Gateway, type Logger } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { startConsul, startRawServer, respondWith, testCertificates, waitFor, type Consul } from '@octopus-gateway/testing'

async function consulWith(options: Parameters<typeof startConsul>[0] = {}): Promise<Consul> {
  const consul = await startConsul(options)
  onTestFinished(() => consul[Symbol.asyncDispose]())
  return consul
}

function watching(options: ConsulOptions, log?: Logger): Gateway {
  const gateway = createGateway({ discovery: [consulDiscovery(options)], ...(log === undefined ? {} : { log }) })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

const ids = ({ services }: Gateway): string[] => services.map(({ id }) => id.split('/')[1]!)
const errorOf = (gateway: Gateway): Promise<string> => waitFor(() => gateway.providers[0]!.error)

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
    for await (const set of consulDiscovery({ address: consul.address }).watch(stop.signal, { log })) sets.push(set)
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
  const lines: unknown[] = []
  const note = (...line: unknown[]): void => void lines.push(line)
  const gateway = watching({ address: consul.address, token: 't0p-s3cret' }, { error: note, warn: note, info: note, debug: note })
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

test('without a token where one is needed the reason is said, although Consul only hides everything', async () => {
  const consul = await consulWith({ tokens: ['owner'] })
  consul.register({ Name: 'users', Port: 1 })
  const gateway = watching({ address: consul.address })
  expect(await errorOf(gateway)).toMatch(/shows nothing without a token: access denied; give one in token/)
  expect(gateway.isSynced).toBe(false)
})

test('a wrong datacenter, a namespace that is not there, and a filter without sense are named', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', Port: 1 })
  for (const [options, problem] of [
    [{ datacenter: 'dc9' }, /answered 500 .*No path to datacenter.*check datacenter/],
    [{ namespace: 'team' }, /answered 400 .*Enterprise feature.*leave out namespace/],
    [{ filter: 'nonsense' }, /answered 400 .*boolean expression.*does not understand filter/],
  ] as const)
    expect(await errorOf(watching({ address: consul.address, ...options }))).toMatch(problem)
  const fine = watching({ address: consul.address, datacenter: 'dc1' })
  await fine.synced
  expect(ids(fine)).toEqual(['users'])
})

test('namespaces are asked for where Consul has them', async () => {
  const consul = await consulWith({ namespaces: true })
  consul.register({ Name: 'users', ID: 'theirs', Port: 1, Namespace: 'team' })
  consul.register({ Name: 'users', ID: 'ours', Port: 2 })
  const gateway = watching({ address: consul.address, namespace: 'team' })
  await gateway.synced
  expect(ids(gateway)).toEqual(['theirs'])
})

test('tags and a filter choose instances; the servers themselves are none', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', ID: 'a', Port: 1, Tags: ['farp', 'blue'], Meta: { team: 'core' } })
  consul.register({ Name: 'users', ID: 'b', Port: 2, Tags: ['farp'], Meta: { team: 'shop' } })
  consul.register({ Name: 'orders', ID: 'c', Port: 3, Tags: ['blue'] })
  const found = async (options: ConsulOptions): Promise<string[]> => {
    const gateway = watching({ address: consul.address, ...options })
    await gateway.synced
    return ids(gateway)
  }
  expect(await found({})).toEqual(['c', 'a', 'b'])
  expect(await found({ tags: ['farp'] })).toEqual(['a', 'b'])
  expect(await found({ tags: ['farp', 'blue'] })).toEqual(['a'])
  expect(await found({ filter: 'Service.Meta.team == "shop"' })).toEqual(['b'])
  expect(consul.requests.filter(({ url }) => url.includes('service/consul'))).toEqual([])
  expect(consul.requests.filter(({ url }) => url.includes('service/orders') && url.includes('tag='))).toEqual([])
})

test('with passing_only a check that turns critical takes its instance out, and back in again; routes of its service stay', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', Port: 1, Check: { TTL: '1h', Status: 'passing' } })
  const strict = watching({ address: consul.address, passingOnly: true })
  const lenient = watching({ address: consul.address })
  await Promise.all([strict.synced, lenient.synced])
  const ready = (gateway: Gateway): unknown => gateway.services.map((instance) => instance.ready)
  expect([ready(strict), ready(lenient)]).toEqual([[true], [true]])
  consul.agent.report('service:users', 'critical', 'down')
  await waitFor(() => expect(ready(strict)).toEqual([false]))
  consul.agent.report('service:users', 'passing', 'up')
  await waitFor(() => expect(ready(strict)).toEqual([true]))
  expect(ready(lenient)).toEqual([true])
  consul.agent.maintain('users', true, 'repair')
  await waitFor(() => expect([ready(strict), ready(lenient)]).toEqual([[false], [false]]))
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

test('with more services than open questions all are known, changes too, over no more connections than an agent allows', async () => {
  const consul = await consulWith()
  for (let i = 0; i < 150; i++) consul.register({ Name: `s${i}`, Port: 1000 + i })
  const gateway = watching({ address: consul.address })
  await gateway.synced
  expect(gateway.services).toHaveLength(150)
  let most = 0
  const counting = setInterval(() => void (most = Math.max(most, consul.open)), 5)
  onTestFinished(() => clearInterval(counting))
  consul.register({ Name: 's149', Port: 9999 })
  consul.register({ Name: 'another', Port: 9998 })
  consul.deregister('s0')
  await waitFor(() => expect(gateway.services.map(({ port }) => port)).toEqual(expect.arrayContaining([9999, 9998])))
  await waitFor(() => gateway.services.every(({ service }) => service !== 's0'))
  expect(Math.max(most, consul.open)).toBeLessThanOrEqual(70)
})

test('over TLS: the authority, the name and the certificate of the gateway', async () => {
  const { ca, server, client } = testCertificates()
  const consul = await consulWith({ tls: { cert: server.cert, key: server.key, ca } })
  consul.register({ Name: 'users', Port: 1 })
  const own = { cert: client.cert, key: client.key }
  const fine = watching({ address: consul.address, tls: { ca, ...own } })
  await fine.synced
  expect(ids(fine)).toEqual(['users'])
  for (const [options, problem] of [
    [{ scheme: 'https' as const }, /not trusted; give the certificate that signed it in tls\.ca/],
    [{ tls: { ca, serverName: 'elsewhere.test', ...own } }, /certificate is for another name; set tls\.server_name/],
    [{ tls: { ca } }, /cannot be reached/],
    [{ tls: { ca: '/nowhere/ca.pem' } }, /file of tls\.ca cannot be read \(ENOENT\)/],
  ] as const)
    expect(await errorOf(watching({ address: consul.address, ...options }))).toMatch(problem)
  const careless = watching({ address: consul.address, tls: { verify: false, ...own } })
  await careless.synced
})

test('what is not Consul is told apart', async () => {
  const body = '<h1>hello</h1>'
  await using page = await startRawServer(respondWith(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
  expect(await errorOf(watching({ address: `127.0.0.1:${page.port}` }))).toMatch(/something that is not JSON: is this Consul\?/)
  await using list = await startRawServer(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]'))
  expect(await errorOf(watching({ address: `127.0.0.1:${list.port}` }))).toMatch(/with something else/)
})

test('options that are wrong are named', async () => {
  for (const [options, problem] of [
    [{ address: 'http://consul:8500' }, /address: write host and port/],
    [{ token: 'abc\n' }, /token: holds characters that no token has/],
    [{ tls: { cert: 'x' } }, /tls: cert and key belong together/],
  ] as const)
    expect(await errorOf(watching(options))).toMatch(problem)
})

test('the key-value store: a slash in front is no part of a key, and no key leads elsewhere', async () => {
  const consul = await consulWith({ tokens: ['owner'] })
  consul.catalog.putValue('farp/schemas/users/v1/openapi', Buffer.from('{"openapi":"3.1.0"}'))
  consul.catalog.putValue('empty', Buffer.alloc(0))
  const { keyValues } = consulDiscovery({ address: consul.address, token: 'owner' })
  const get = async (key: string): Promise<unknown> => {
    const found = await keyValues!.get(key, new AbortController().signal)
    return found === undefined ? undefined : [Buffer.from(found.value).toString(), found.revision]
  }
  const first = consul.catalog.index
  expect(await get('/farp/schemas/users/v1/openapi')).toEqual(['{"openapi":"3.1.0"}', first - 1])
  consul.catalog.putValue('farp/schemas/users/v1/openapi', Buffer.from('{}'))
  expect(await get('farp/schemas/users/v1/openapi')).toEqual(['{}', first + 1])
  expect(await get('empty')).toEqual(['', first])
  const { length } = consul.requests
  expect([await get('nothing'), await get('../agent/self'), await get('a//b'), await get('')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(consul.requests).toHaveLength(length + 1)
  await expect(consulDiscovery({ address: consul.address }).keyValues!.get('empty', new AbortController().signal)).rejects.toThrow(
    /answered 403/,
  )
  await waitFor(() => consul.open === 0)
})
