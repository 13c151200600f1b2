import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { discovered, discovery, upstream } from './yaml.ts'
import { startRawServer, startService, waitFor, type Service } from '@octopus-gateway/testing'
import { head, open } from './client.ts'
import { running, type Running } from './running.ts'

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

behaviour('upstreams[].instances[].zone', 'is told by the admin API', async () => {
  await using gateway = await instance('zone: eu-1')
  expect(await onlyEndpoint(gateway)).toMatchObject({ zone: 'eu-1' })
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
