import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { discovered, discovery, upstream } from './yaml.ts'
import { closedPort, startRawServer, startService, waitFor, type Service } from '@octopus-gateway/testing'
import { head, open } from './client.ts'
import { refused, running, type Running } from './running.ts'

let one: Service
let two: Service
beforeAll(async () => {
  one = await startService({ name: 'one' })
  two = await startService({ name: 'two' })
})
afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
})

/** Who answers so many requests, counted by name. */
async function shares(gateway: Running, requests = 8): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < requests; i++) {
    const { name } = (await gateway.json('/')) as { readonly name: string }
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

const onlyEndpoint = async (gateway: Running): Promise<unknown> => (await gateway.view('/_/upstreams')).upstreams[0]!.endpoints[0]

behaviour('upstreams[].name', 'is what routes, the log and the admin API call it', async () => {
  const named = (name: string, port: number): string => `{ name: ${name}, instances: [{ address: 127.0.0.1, port: ${port} }] }`
  await using gateway = await running(
    `upstreams: [${named('first', one.port)}, ${named('second', two.port)}]\nroutes: [{ path: /*, upstream: second }]`,
  )
  expect(await gateway.json('/')).toMatchObject({ name: 'two' })
  expect((await gateway.view('/_/upstreams')).upstreams.map(({ name }) => name)).toEqual(['first', 'second'])
  await waitFor(() => gateway.lines.some((line) => line.upstream === 'second'))
})

behaviour('upstreams[].instances[].address', 'is where it is reached', async () => {
  const at = (address: string): string =>
    `upstreams: [{ name: up, host: upstream, instances: [{ address: ${address}, port: ${one.port} }] }]\n`
  await using gateway = await running(`${at('localhost')}routes: [{ path: /*, upstream: up }]`)
  await gateway.status('/')
  expect(one.requests.at(-1)?.header('host')).toBe(`localhost:${one.port}`)
  await using elsewhere = await running(`${at('127.0.0.77')}routes: [{ path: /*, upstream: up, retries: 0 }]`)
  expect(await onlyEndpoint(elsewhere)).toMatchObject({ origin: `http://127.0.0.77:${one.port}` })
  expect(await elsewhere.status('/')).toBe(502)
})

behaviour('upstreams[].instances[].port', 'is where it is reached', async () => {
  await using gateway = await running(upstream([two.port]))
  expect(await gateway.json('/')).toMatchObject({ name: 'two' })
})

behaviour('upstreams[].instances[].weight', 'shares the traffic, evenly by default, and 0 gets none', async () => {
  const weighted = (weight: string): string =>
    `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${one.port}${weight} }, { address: 127.0.0.1, port: ${two.port} }] }]\n` +
    'routes: [{ path: /*, upstream: up }]'
  await using even = await running(weighted(''))
  expect(await shares(even)).toEqual({ one: 4, two: 4 })
  await using heavy = await running(weighted(', weight: 3'))
  expect(await shares(heavy)).toEqual({ one: 6, two: 2 })
  await using none = await running(weighted(', weight: 0'))
  expect(await shares(none)).toEqual({ two: 8 })
})

/** A gateway whose only instance has something more to say. */
const instance = (more: string): Promise<Running> =>
  running(
    `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${one.port}, ${more} }] }]\nroutes: [{ path: /*, upstream: up }]`,
  )

/** A gateway with both instances, each with something more to say. */
const both = (first: string, second: string, { routing = '', own = '' } = {}): Promise<Running> =>
  running(
    `${routing === '' ? '' : `routing: { ${routing} }\n`}upstreams: [{ name: up${own === '' ? '' : `, ${own}`}, instances: [` +
      `{ address: 127.0.0.1, port: ${one.port}, ${first} }, { address: 127.0.0.1, port: ${two.port}, ${second} }] }]\n` +
      'routes: [{ path: /*, upstream: up }]',
  )

behaviour('upstreams[].instances[].zone', 'is where it runs: those of the gateway’s own zone are preferred', async () => {
  await using gateway = await both('zone: eu-1', 'zone: eu-2', { routing: 'zone: eu-2' })
  expect(await shares(gateway)).toEqual({ two: 8 })
  expect((await gateway.view('/_/upstreams')).upstreams[0]).toMatchObject({
    balancing: { zone: 'eu-2' },
    endpoints: expect.arrayContaining([expect.objectContaining({ zone: 'eu-1' })]) as unknown,
  })
})

behaviour('routing.zone', 'is that of the gateway; without it zones do not matter', async () => {
  await using near = await both('zone: eu-1', 'zone: eu-2', { routing: 'zone: eu-1' })
  expect(await shares(near)).toEqual({ one: 8 })
  await using anywhere = await both('zone: eu-1', 'zone: eu-2')
  expect(await shares(anywhere)).toEqual({ one: 4, two: 4 })
})

behaviour('upstreams[].instances[].priority', 'leaves requests to lower numbers as long as those work', async () => {
  await using gateway = await both('priority: 1', 'weight: 1')
  expect(await shares(gateway)).toEqual({ two: 8 })
  const dead = await closedPort()
  await using failing = await running(
    `upstreams: [{ name: up, instances: [{ address: 127.0.0.1, port: ${one.port}, priority: 1 }, { address: 127.0.0.1, port: ${dead} }] }]\n` +
      'routes: [{ path: /*, upstream: up }]',
  )
  expect(await shares(failing)).toEqual({ one: 8 })
})

behaviour('upstreams[].instances[].id', 'is told by the admin API, made of the address by default', async () => {
  await using gateway = await instance('id: first')
  expect(await onlyEndpoint(gateway)).toMatchObject({ id: 'first' })
  await using unnamed = await instance('weight: 1')
  expect(await onlyEndpoint(unnamed)).toMatchObject({ id: one.origin })
})

behaviour('upstreams[].instances[].metadata', 'is told by the admin API as labels', async () => {
  await using gateway = await instance('metadata: { rack: b7, build: 1.10 }')
  expect(await onlyEndpoint(gateway)).toMatchObject({ labels: { rack: 'b7', build: '1.10' } })
})

behaviour('upstreams[].service', 'takes the instances that discovery finds', async () => {
  const found = discovery(discovered('users', one.port, 'weight: 3'), discovered('users', two.port), discovered('others', two.port))
  await using gateway = await running(
    `${found}farp: { enabled: false }\nupstreams: [{ name: up, service: users }]\nroutes: [{ path: /*, upstream: up }]`,
  )
  expect(await shares(gateway)).toEqual({ one: 6, two: 2 })
})

behaviour('upstreams[].scheme', 'https speaks TLS, http is the default', async () => {
  // It answers whatever comes in plain HTTP: to TLS that is an error at once.
  await using raw = await startRawServer(
    (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
  )
  for (const more of [{}, { upstream: 'scheme: http' }]) {
    await using plain = await running(upstream(raw.port, more))
    expect([await plain.status('/'), raw.received.at(-1)?.slice(0, 3)]).toEqual([200, 'GET'])
  }
  await using secure = await running(upstream(raw.port, { upstream: 'scheme: https', route: 'retries: 0' }))
  // A TLS handshake record (RFC 8446, section 5.1).
  expect([await secure.status('/'), raw.received.at(-1)?.slice(0, 2)]).toEqual([502, '\u0016\u0003'])
})

behaviour('upstreams[].load_balance', 'round-robin takes turns', async () => {
  await using gateway = await running(upstream([one.port, two.port], { upstream: 'load_balance: round_robin' }))
  expect(await shares(gateway, 2)).toEqual({ one: 1, two: 1 })
  expect(await shares(gateway, 6)).toEqual({ one: 3, two: 3 })
})

/** Who answers a request with these fields. */
async function answers(gateway: Running, path = '/', headers: Record<string, string> = {}): Promise<unknown> {
  return (await gateway.json(path, { headers })).name
}

behaviour('upstreams[].hash_on', 'is what decides, the address by default', async () => {
  const hashing = (more: string): Promise<Running> => running(upstream([one.port, two.port], { upstream: more }))
  await using byAddress = await hashing('load_balance: rendezvous')
  expect(Object.values(await shares(byAddress))).toEqual([8])
  for (const [hashOn, ask] of [
    ['uri', (gateway: Running, value: string) => answers(gateway, `/${value}?q=${Math.random()}`)],
    ['header:x-tenant', (gateway: Running, value: string) => answers(gateway, '/', { 'x-tenant': value })],
    ['cookie:tenant', (gateway: Running, value: string) => answers(gateway, '/', { cookie: `tenant=${value}` })],
  ] as const) {
    await using gateway = await hashing(`load_balance: ring_hash, hash_on: "${hashOn}"`)
    const names = new Set<unknown>()
    for (let i = 0; i < 12; i++) {
      const name = await ask(gateway, `v${i}`)
      expect(await ask(gateway, `v${i}`)).toBe(name)
      names.add(name)
    }
    expect(names.size).toBe(2)
  }
  const { code, err } = await refused(upstream(one.port, { upstream: 'hash_on: uri' }))
  expect([code, err]).toEqual([78, expect.stringContaining('round-robin hashes nothing') as unknown])
})

/** The cookie that a first request gets. */
async function cookieFrom(gateway: Running): Promise<string> {
  const response = await fetch(gateway.url)
  await response.arrayBuffer()
  return response.headers.getSetCookie().find((field) => field.startsWith('at=')) ?? ''
}

behaviour('upstreams[].sticky.cookie', 'keeps a client at its instance', async () => {
  await using gateway = await running(upstream([one.port, two.port], { upstream: 'sticky: { cookie: at }' }))
  const cookie = await cookieFrom(gateway)
  expect(cookie).toMatch(/^at=[\w-]{12}; Path=\/; HttpOnly; SameSite=Lax$/)
  const names = new Set<unknown>()
  for (let i = 0; i < 6; i++) names.add(await answers(gateway, '/', { cookie: cookie.split(';')[0]! }))
  expect(names.size).toBe(1)
  expect(await shares(gateway)).toEqual({ one: 4, two: 4 })
})

behaviour('upstreams[].sticky.ttl', 'is how long browsers keep it, until they are closed by default', async () => {
  await using gateway = await running(upstream(one.port, { upstream: 'sticky: { cookie: at, ttl: 5m }' }))
  expect(await cookieFrom(gateway)).toContain('; Max-Age=300;')
})

behaviour('upstreams[].sticky.path', 'is where browsers send it', async () => {
  await using gateway = await running(upstream(one.port, { upstream: 'sticky: { cookie: at, path: /shop }' }))
  expect(await cookieFrom(gateway)).toContain('; Path=/shop;')
})

/** Whether health is ignored once one of the two instances is out: whether that one, which cannot be reached, is chosen all the same. */
async function isTried(routing: string, own: string): Promise<boolean> {
  const dead = await closedPort()
  await using gateway = await running(
    (routing === '' ? '' : `routing: { ${routing} }\n`) +
      upstream([one.port, dead], { upstream: own === '' ? 'host: preserve' : own, route: 'retries: 0' }),
  )
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) statuses.push(await gateway.status('/'))
  return statuses.filter((status) => status === 502).length > 2
}

behaviour('routing.panic_threshold', 'below it health is ignored, never by default', async () => {
  expect([await isTried('', ''), await isTried('panic_threshold: 60', '')]).toEqual([false, true])
})

behaviour('upstreams[].panic_threshold', 'counts more than that of routing', async () => {
  expect([await isTried('panic_threshold: 60', 'panic_threshold: 0'), await isTried('', 'panic_threshold: 60')]).toEqual([false, true])
})

/** What share of the requests an instance gets that was out and works again. */
async function shareAfterReturn(routing: string, own: string): Promise<number> {
  const returning = await startService({ name: 'returning' })
  const { port } = returning
  await returning[Symbol.asyncDispose]()
  await using gateway = await running(
    (routing === '' ? '' : `routing: { ${routing} }\n`) + upstream([one.port, port], { upstream: own === '' ? 'host: preserve' : own }),
  )
  await shares(gateway, 4)
  await using back = await startService({ name: 'returning', port })
  await waitFor(
    async () => {
      await gateway.status('/')
      return back.requests.length > 0
    },
    { timeout: 10_000 },
  )
  return ((await shares(gateway, 40))['returning'] ?? 0) / 40
}

behaviour('routing.slow_start.window', 'is how long an instance that is back takes to its full share, no time by default', async () => {
  expect(await shareAfterReturn('', '')).toBe(0.5)
  expect(await shareAfterReturn('slow_start: { window: 1h }', '')).toBeLessThan(0.35)
})

behaviour('upstreams[].slow_start.window', 'counts more than that of routing', async () => {
  expect(await shareAfterReturn('slow_start: { window: 1h }', 'slow_start: { window: 1ms }')).toBe(0.5)
})

behaviour('routing.slow_start.aggression', 'makes the first steps larger', async () => {
  expect(await shareAfterReturn('slow_start: { window: 1h, aggression: 1000 }', '')).toBeGreaterThan(0.4)
})

behaviour('upstreams[].slow_start.aggression', 'makes the first steps larger', async () => {
  expect(await shareAfterReturn('', 'slow_start: { window: 1h, aggression: 1000 }')).toBeGreaterThan(0.4)
})

behaviour('routing.load_balance', 'round-robin, the default, takes turns', async () => {
  for (const yaml of ['', 'routing: { load_balance: round-robin }\n']) {
    await using gateway = await running(yaml + upstream([one.port, two.port]))
    expect(await shares(gateway, 2)).toEqual({ one: 1, two: 1 })
  }
})

behaviour('upstreams[].host', 'preserve, the default, sends the client’s name, upstream the instance’s own', async () => {
  const hostFor = async (more: string): Promise<string | undefined> => {
    await using gateway = await running(upstream(one.port, more === '' ? {} : { upstream: more }))
    const client = open(gateway.port, head('GET', '/'))
    await client.received('200 OK')
    return one.requests.at(-1)?.header('host')
  }
  expect(await hostFor('')).toBe('gateway.test')
  expect(await hostFor('host: preserve')).toBe('gateway.test')
  expect(await hostFor('host: upstream')).toBe(`127.0.0.1:${one.port}`)
})
