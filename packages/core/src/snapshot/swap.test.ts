import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { conflictFindings } from './conflicts.ts'
import { createGateway } from '../gateway.ts'
import { instance, ScriptedProvider, ScriptedSource, setOf } from '../../test/support/scripted-control.ts'
import { recorder } from '../../test/support/scripted.ts'
import type { Gateway } from '../gateway-types.ts'
import type { GatewayOptions } from '../options.ts'
import type { RouteSet } from './route-set.ts'

function gatewayWith(options: GatewayOptions): Gateway {
  const gateway = createGateway(options)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

/** Requests go on for as long as `work` takes; every answer is collected. */
async function hammer(gateway: Gateway, path: string, work: () => Promise<void>): Promise<number[]> {
  const statuses: number[] = []
  const over = new AbortController()
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const response = await gateway.request(path)
      await response.text()
      statuses.push(response.status)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const clients = Array.from({ length: 8 }, client)
  await work()
  over.abort()
  await Promise.all(clients)
  return statuses
}

const paths = (gateway: Gateway): string[] => gateway.snapshot.routes.map((route) => route.path).sort()
const next = (gateway: Gateway): Promise<void> => new Promise((resolve) => gateway.on('snapshot', () => resolve()))
const winner = (gateway: Gateway, path: string): string => gateway.snapshot.table.match('h', 'GET', path)!.route.id
const ENDPOINTS = ['http://127.0.0.1:9']

describe('swaps', () => {
  it('[R33] 100 swaps under load lose no request', async () => {
    const options = (n: number): GatewayOptions => ({
      upstreams: { up: () => new Response('ok') },
      routes: [
        { path: '/stays/*', upstream: 'up' },
        { path: `/changes-${n}`, upstream: 'up' },
      ],
    })
    const gateway = gatewayWith(options(0))
    const statuses = await hammer(gateway, '/stays/here', async () => {
      for (let n = 1; n <= 100; n++) {
        await gateway.update(options(n))
        // Swaps in the middle of requests, and several in a row without one.
        if (n % 3 !== 0) await new Promise((resolve) => setImmediate(resolve))
      }
    })
    expect(gateway.snapshot.generation).toBe(101)
    expect(statuses.length).toBeGreaterThan(100)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
  })

  it('[R33] 100 schema changes of one service under load lose no request of another, and none of what stays', async () => {
    const source = new ScriptedSource()
    const calls: string[] = []
    const fetch: typeof globalThis.fetch = async (input) => (calls.push(String(input)), new Response('ok'))
    const gateway = gatewayWith({ sources: [source], fetch })
    const sets = (n: number): RouteSet[] => [
      setOf('users', `v${n}`, ['/users/:id', `/users/only-in-${n}/x`], ENDPOINTS),
      setOf('orders', 'v1', ['/orders'], ENDPOINTS),
    ]
    source.say(sets(0))
    await gateway.synced
    const changes = async (): Promise<void> => {
      for (let n = 1; n <= 100; n++) {
        const swapped = next(gateway)
        source.say(sets(n))
        await swapped
      }
    }
    const [users, orders] = [hammer(gateway, '/users/7', changes), hammer(gateway, '/orders', changes)]
    expect([...(await users), ...(await orders)].filter((status) => status !== 200)).toEqual([])
    expect((await gateway.request('/users/only-in-99/x')).status).toBe(404)
    expect((await gateway.request('/users/only-in-100/x')).status).toBe(200)
  })

  it('[R33] new endpoints cost no build: the generation stays', async () => {
    const provider = new ScriptedProvider()
    const source = new ScriptedSource()
    const gateway = gatewayWith({
      discovery: [provider],
      sources: [source],
      upstreams: { named: { endpoints: { discover: 'users' } } },
      routes: [{ path: '/named', upstream: 'named' }],
    })
    provider.say([instance('users', 1)])
    source.say([setOf('users', '1', ['/users'])])
    await gateway.synced
    const { generation, routes } = gateway.snapshot
    const [moved, swapped] = [vi.fn(), vi.fn()]
    gateway.on('endpoints', (upstream) =>
      moved(
        upstream.name,
        upstream.endpoints.map(({ origin }) => origin),
      ),
    )
    gateway.on('snapshot', swapped)
    provider.say([instance('users', 1), instance('users', 2), instance('users', 3, { ready: false })])
    await vi.waitFor(() => expect(moved).toHaveBeenCalledTimes(2))
    expect(moved.mock.calls.map(([name]) => name as string).sort()).toEqual(['named', 'users'])
    expect(moved.mock.calls[0]![1]).toEqual(['http://127.0.0.1:1', 'http://127.0.0.1:2'])
    source.say([{ ...setOf('users', '1', ['/users'], ENDPOINTS), findings: [{ code: 'X', severity: 'info', message: 'm' }] }])
    await vi.waitFor(() => expect(gateway.snapshot.upstreams.get('users')!.endpoints.map(({ origin }) => origin)).toEqual(ENDPOINTS))
    expect(gateway.snapshot.sets.get('scripted')![0]!.findings).toHaveLength(1)
    expect(gateway.snapshot.generation).toBe(generation)
    expect(gateway.snapshot.routes).toBe(routes)
    expect(swapped).not.toHaveBeenCalled()
  })

  it('[R32] a rolling deploy of three instances fails no request, and old addresses are forgotten', async () => {
    const provider = new ScriptedProvider()
    const alive = new Set(['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'])
    const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    const fetch: typeof globalThis.fetch = async (input) => {
      const { host } = new URL(String(input))
      if (!alive.has(host)) throw refused
      return new Response(host)
    }
    const gateway = gatewayWith({
      discovery: [provider],
      fetch,
      upstreams: { users: { endpoints: { discover: 'users' } } },
      routes: [{ path: '/users/*', upstream: 'users' }],
    })
    const tell = (): void => provider.say([...alive].map((host) => instance('users', Number(host.split(':')[1]))))
    tell()
    await gateway.synced
    const origins = (): string[] =>
      gateway.snapshot.upstreams
        .get('users')!
        .endpoints.map(({ origin }) => origin.slice(7))
        .sort()
    const statuses = await hammer(gateway, '/users/7', async () => {
      for (const old of [1, 2, 3]) {
        alive.add(`127.0.0.1:${old + 10}`)
        tell()
        await vi.waitFor(() => expect(origins()).toEqual([...alive].sort()))
        // The old one dies before the registry knows.
        alive.delete(`127.0.0.1:${old}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
        tell()
        await vi.waitFor(() => expect(origins()).toEqual([...alive].sort()))
      }
    })
    expect(statuses.length).toBeGreaterThan(100)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(origins()).toEqual(['127.0.0.1:11', '127.0.0.1:12', '127.0.0.1:13'])
  })

  it('[R32] a service that leaves takes its routes along', async () => {
    const source = new ScriptedSource()
    const gateway = gatewayWith({ sources: [source] })
    source.say([setOf('a', '1', ['/a'], ENDPOINTS), setOf('b', '1', ['/b'], ENDPOINTS)])
    await gateway.synced
    expect(paths(gateway)).toEqual(['/a', '/b'])
    const swapped = next(gateway)
    source.say([setOf('b', '1', ['/b'], ENDPOINTS)])
    await swapped
    expect(paths(gateway)).toEqual(['/b'])
    expect([...gateway.snapshot.upstreams.keys()]).toEqual(['b'])
  })
})

it('a change of one service compiles no route of another', async () => {
  const source = new ScriptedSource()
  const gateway = gatewayWith({ sources: [source] })
  const same = setOf('same', '1', ['/same'], ENDPOINTS)
  source.say([same, setOf('other', '1', ['/other'], ENDPOINTS)])
  await gateway.synced
  const route = (): unknown => gateway.snapshot.routes.find(({ path }) => path === '/same')
  const before = route()
  const swapped = next(gateway)
  source.say([same, setOf('other', '2', ['/more'], ENDPOINTS)])
  await swapped
  expect(paths(gateway)).toEqual(['/more', '/same'])
  expect(route()).toBe(before)
  // With other defaults it is another route.
  await gateway.update({ sources: [source], routing: { timeout: '1s' } })
  expect(route()).toMatchObject({ timeout: 1_000 })
})

describe('conflicts', () => {
  const set = (service: string, more: Partial<RouteSet>, priority?: number): RouteSet => ({
    ...setOf(service, '1', [], ENDPOINTS),
    routes: [{ path: '/same/:x', upstream: service, id: `route-${service}`, ...(priority === undefined ? {} : { priority }) }],
    ...more,
  })

  it('what is written by hand wins over any source, whatever its priority', async () => {
    const source = new ScriptedSource()
    const gateway = gatewayWith({
      sources: [source],
      upstreams: { up: ENDPOINTS },
      routes: [{ id: 'by-hand', path: '/same/{y}', upstream: 'up', priority: 0 }],
    })
    source.say([set('a', {}, 100)])
    await gateway.synced
    expect(winner(gateway, '/same/1')).toBe('by-hand')
    expect(gateway.snapshot.standby.map(({ route, winner: by }) => [route.id, by.id])).toEqual([['route-a', 'by-hand']])
  })

  it.each([
    ['priority', [set('a', { serviceVersion: '9.0.0' }, 10), set('b', { serviceVersion: '1.0.0' }, 60)], 'route-b'],
    ['the newer version', [set('a', { serviceVersion: '1.9.0' }), set('b', { serviceVersion: '1.10.0' })], 'route-b'],
    ['the id', [set('b', {}), set('a', {})], 'route-a'],
  ])('%s decides between services; the loser stands by and takes over when the winner goes', async (_by, sets, expected) => {
    const source = new ScriptedSource()
    const { log, lines } = recorder()
    const gateway = gatewayWith({ sources: [source], log })
    source.say(sets)
    await gateway.synced
    expect(winner(gateway, '/same/1')).toBe(expected)
    expect(lines.filter((line) => JSON.stringify(line).includes('routes conflict'))).toHaveLength(1)
    const loser = expected === 'route-a' ? 'b' : 'a'
    const findings = [...conflictFindings(gateway.snapshot)].flatMap(([, services]) => [...services])
    expect(findings.map(([service, [finding]]) => [service, finding?.severity]).sort()).toEqual(
      [
        [loser, 'warning'],
        [expected.slice('route-'.length), 'info'],
      ].sort(),
    )
    expect(gateway.snapshot.routes).toHaveLength(1)
    expect(gateway.snapshot.standby).toHaveLength(1)
    const swapped = next(gateway)
    source.say(sets.filter(({ service }) => `route-${service}` !== expected))
    await swapped
    expect(winner(gateway, '/same/1')).not.toBe(expected)
    expect(gateway.snapshot.standby).toHaveLength(0)
  })

  it('priority decides between sources, then their order', async () => {
    const [one, two] = [new ScriptedSource('one'), new ScriptedSource('two')]
    const gateway = gatewayWith({ sources: [one, two] })
    one.say([set('b', {}), { ...set('c', {}, 10), routes: [{ path: '/other', upstream: 'c', id: 'low', priority: 10 }] }])
    two.say([set('a', {}), { ...set('d', {}, 60), routes: [{ path: '/other', upstream: 'd', id: 'high', priority: 60 }] }])
    await gateway.synced
    expect(winner(gateway, '/same/1')).toBe('route-b')
    expect(winner(gateway, '/other')).toBe('high')
  })
})

describe('a bad set', () => {
  const bad = (version: string): RouteSet => ({ ...setOf('a', version, ['/a', 'no-slash'], ENDPOINTS) })

  it('[R33] is refused whole: the last good one stays and a finding tells why', async () => {
    const source = new ScriptedSource()
    const { log, lines } = recorder()
    const gateway = gatewayWith({ sources: [source], log })
    source.say([setOf('a', '1', ['/a', '/b'], ENDPOINTS), setOf('good', '1', ['/good'], ENDPOINTS)])
    await gateway.synced
    const swapped = next(gateway)
    source.say([bad('2'), setOf('good', '2', ['/good', '/better'], ENDPOINTS)])
    await swapped
    expect(paths(gateway)).toEqual(['/a', '/b', '/better', '/good'])
    expect(gateway.snapshot.sets.get('scripted')![0]!.findings).toEqual([
      { code: 'ROUTES_REFUSED', severity: 'error', message: expect.stringContaining('routes[1].path') },
    ])
    expect(lines.filter((line) => line.level === 'error')).toHaveLength(1)
  })

  it('[R33] is refused again when it comes again, and never blocks the others', async () => {
    const source = new ScriptedSource()
    const { log, lines } = recorder()
    const gateway = gatewayWith({ sources: [source], log })
    source.say([bad('1')])
    await gateway.synced
    for (let n = 1; n <= 3; n++) {
      const swapped = next(gateway)
      source.say([bad('1'), setOf('good', String(n), [`/good-${n}`], ENDPOINTS)])
      await swapped
      expect(paths(gateway)).toEqual([`/good-${n}`])
    }
    expect(lines.map((line) => line.message).filter((message) => message.includes('could not be rebuilt'))).toEqual([])
    const swapped = next(gateway)
    source.say([setOf('a', '2', ['/a'], ENDPOINTS)])
    await swapped
    expect(paths(gateway)).toEqual(['/a'])
  })

  it('is refused when only its endpoints are bad', async () => {
    const source = new ScriptedSource()
    const gateway = gatewayWith({ sources: [source] })
    source.say([setOf('a', '1', ['/a'], ENDPOINTS)])
    await gateway.synced
    source.say([setOf('a', '1', ['/a'], ['http://127.0.0.1:9/path'])])
    await vi.waitFor(() => expect(gateway.snapshot.sets.get('scripted')![0]!.findings).toHaveLength(1))
    expect(gateway.snapshot.upstreams.get('a')!.endpoints.map(({ origin }) => origin)).toEqual(ENDPOINTS)
  })

  it('a source that tells of a service twice leaks nothing', async () => {
    const source = new ScriptedSource()
    const gateway = gatewayWith({ sources: [source] })
    source.say([setOf('a', '1', ['/a'], ENDPOINTS), setOf('a', '1', ['/b'], ENDPOINTS)])
    await gateway.synced
    const held = gateway.snapshot.upstreams.get('a')!
    expect(held.endpoints).toHaveLength(1)
    const swapped = next(gateway)
    source.say([])
    await swapped
    expect(held.endpoints).toHaveLength(0)
  })
})
