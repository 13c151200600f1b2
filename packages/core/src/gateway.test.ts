import * as v from 'valibot'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createGateway } from './gateway.ts'
import { definePlugin } from './plugin/define.ts'
import { recorder } from '../test/support/scripted.ts'
import { ScriptedProvider, ScriptedSource, setOf } from '../test/support/scripted-control.ts'
import type { ConfigError } from './errors.ts'
import type { Gateway } from './gateway-types.ts'
import type { GatewayOptions } from './options.ts'

const hello = (): Response => new Response('hello')
const BASIC = { upstreams: { up: hello }, routes: [{ path: '/*', upstream: 'up' }] } satisfies GatewayOptions

function gatewayWith(options: GatewayOptions = BASIC): Gateway {
  const gateway = createGateway(options)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

async function issuesOf(options: GatewayOptions): Promise<[code: string, path: string][]> {
  const error = await gatewayWith(options).ready.then(
    () => null,
    (thrown: ConfigError) => thrown,
  )
  return (error?.issues ?? []).map(({ code, path }) => [code, path])
}

const counter = (log: string[]) =>
  definePlugin({
    name: 'counter',
    version: '1.2.3',
    config: v.object({ start: v.number() }),
    setup: ({ start }) => {
      let count = start
      log.push(`setup ${start}`)
      return {
        onResponse: (_ctx, head) => head.headers.set('x-count', String((count += 1))),
        [Symbol.asyncDispose]: async () => void log.push(`dispose ${start}`),
      }
    },
  })

describe('createGateway', () => {
  it('serves once ready, and waits for it', async () => {
    const gateway = gatewayWith()
    expect(gateway.snapshot.generation).toBe(0)
    expect(await (await gateway.request('/a')).text()).toBe('hello')
    expect(gateway.snapshot.generation).toBe(1)
    await gateway.synced
    expect(gateway.isSynced).toBe(true)
  })

  it('tells every mistake at once, with its place', async () => {
    const issues = await issuesOf({
      upstreams: {
        up: ['http://a.test/path'],
        other: {
          endpoints: [{ id: 'a', origin: 'ftp://a', weight: -1, labels: {} }],
          timeout: '5' as never,
          loadBalance: 'fastest' as never,
        },
      },
      routes: [
        { path: 'a', upstream: 'upp', methods: [], priority: 101, retries: 1.5 },
        { path: '/b', upstream: 'up', host: 'a/b', methods: ['GE T'], timeout: 0, rewrite: { stripPrefix: '/%zz', addPrefix: '/a/../b' } },
        {
          path: '/c',
          upstream: [
            { upstream: 'upp', weight: 0 },
            { upstream: 'up', weight: 0, match: {} },
            { upstream: 'up', weight: -1 },
          ],
        },
        { path: '/d', upstream: [], splitOn: 'cookie:' },
        { path: '/e', upstream: [{ upstream: 'up', weight: 0 }] },
      ],
      routing: { connectTimeout: -1 },
      limits: { body: 0 },
      trustedProxies: ['10.0.0.0/99'],
    })
    expect(issues.map(([, path]) => path).sort()).toEqual(
      [
        'limits.body',
        'trustedProxies',
        'routing.connectTimeout',
        'upstreams.up[0]',
        'upstreams.other.timeout',
        'upstreams.other.endpoints[0]',
        'upstreams.other.endpoints[0].weight',
        'upstreams.other.loadBalance',
        'routes[0].path',
        'routes[0].methods',
        'routes[0].priority',
        'routes[0].upstream',
        'routes[0].retries',
        'routes[1].host',
        'routes[1].methods',
        'routes[1].timeout',
        'routes[1].rewrite.stripPrefix',
        'routes[1].rewrite.addPrefix',
        'routes[2].upstream[0].upstream',
        'routes[2].upstream[1].match',
        'routes[2].upstream[2].upstream',
        'routes[2].upstream[2].weight',
        'routes[3].upstream',
        'routes[3].splitOn',
        'routes[4].upstream',
      ].sort(),
    )
  })

  it('[R31] refuses names that lead nowhere, with a suggestion', async () => {
    const error: ConfigError = await gatewayWith({ upstreams: { users: hello }, routes: [{ path: '/a', upstream: 'usres' }] }).ready.then(
      () => null!,
      (thrown: ConfigError) => thrown,
    )
    expect(error.issues).toEqual([
      { code: 'dangling_upstream', path: 'routes[0].upstream', message: expect.stringContaining('did you mean "users"?') },
    ])
  })

  it('refuses two routes for the same requests and two routes of one id', async () => {
    const route = { upstream: 'up' }
    expect(
      await issuesOf({
        upstreams: { up: hello },
        routes: [
          { path: '/a/:x', ...route },
          { path: '/a/{y}', ...route },
        ],
      }),
    ).toEqual([['duplicate_route', 'routes[1]']])
    expect(
      await issuesOf({
        upstreams: { up: hello },
        routes: [
          { path: '/a', methods: ['get'], ...route },
          { path: '/a', methods: ['GET', 'POST'], ...route },
        ],
      }),
    ).toEqual([['duplicate_route', 'routes[1]']])
    expect(
      await issuesOf({
        upstreams: { up: hello },
        routes: [
          { id: 'x', path: '/a', ...route },
          { id: 'x', path: '/b', ...route },
        ],
      }),
    ).toEqual([['duplicate_id', 'routes[1].id']])
    expect(
      await issuesOf({
        upstreams: { up: hello },
        routes: [
          { path: '/a', ...route },
          { path: '/a', methods: ['GET'], ...route },
          { path: '/a', host: 'a.test', ...route },
        ],
      }),
    ).toEqual([])
  })

  it('lets the priority decide between hand-written routes of one place', async () => {
    const says = (text: string) => () => new Response(text)
    const gateway = gatewayWith({
      upstreams: { low: says('low'), high: says('high') },
      routes: [
        { path: '/a/{x}', priority: 40, upstream: 'low' },
        { path: '/a/{y}', upstream: 'high' },
      ],
    })
    await gateway.ready
    expect(await (await gateway.request('/a/1')).text()).toBe('high')
    expect(gateway.snapshot.standby.map(({ route, winner }) => [route.upstream.name, winner.upstream.name])).toEqual([['low', 'high']])
  })

  it('validates the configuration of plugins, all of them together', async () => {
    const log: string[] = []
    const failing = definePlugin({ name: 'failing', config: v.optional(v.unknown()), setup: () => Promise.reject(new Error('no disk')) })
    const issues = await issuesOf({ ...BASIC, plugins: [counter(log)({ start: 1 }), counter(log)({ start: 'x' as never }), failing()] })
    expect(issues).toEqual([
      ['invalid_value', 'plugin counter: start'],
      ['plugin_failed', 'plugin failing'],
    ])
    expect(log).toEqual(['setup 1', 'dispose 1'])
  })

  it('a ready that nobody watches is no unhandled rejection; the gateway answers 503', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const gateway = gatewayWith({ routes: [{ path: '/a', upstream: 'none' }] })
    const response = await gateway.request('/a')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'NOT_READY' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    await expect(gateway.synced).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('ten gateways live side by side', async () => {
    const gateways = Array.from({ length: 10 }, (_, i) =>
      gatewayWith({
        upstreams: { up: () => new Response(String(i)) },
        routes: [{ path: '/*', upstream: 'up' }],
        trustedProxies: [`10.0.0.${i}`],
      }),
    )
    const bodies = await Promise.all(gateways.map(async (gateway) => (await gateway.request('/')).text()))
    expect(bodies).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(gateways.map((gateway) => /octopus_requests_total\{.*\} (\d+)/.exec(gateway.metrics.exposition())![1])).toEqual(
      Array.from({ length: 10 }, () => '1'),
    )
  })
})

describe('update', () => {
  it('swaps and tells what changed', async () => {
    const gateway = gatewayWith({
      upstreams: { up: hello, old: hello },
      routes: [
        { path: '/a', upstream: 'up' },
        { path: '/b', upstream: 'up' },
        { path: '/gone', upstream: 'old' },
      ],
    })
    await gateway.ready
    const seen = vi.fn()
    using _listening = gateway.on('snapshot', seen)
    const diff = await gateway.update({
      upstreams: { up: hello, fresh: hello },
      routes: [
        { path: '/a', upstream: 'up' },
        { path: '/b', upstream: 'up', timeout: '1s' },
        { path: '/new', upstream: 'fresh' },
      ],
    })
    expect(diff.added.map((route) => route.path)).toEqual(['/new'])
    expect(diff.removed.map((route) => route.path)).toEqual(['/gone'])
    expect(diff.changed.map((route) => route.path)).toEqual(['/b'])
    expect([...diff.changes.values()]).toEqual([['timeout']])
    expect([diff.upstreamsAdded, diff.upstreamsRemoved, diff.upstreamsChanged.size]).toEqual([['fresh'], ['old'], 0])
    expect(seen).toHaveBeenCalledExactlyOnceWith(gateway.snapshot, expect.objectContaining({ generation: 1 }), diff)
    expect((await gateway.request('/gone')).status).toBe(404)
    expect((await gateway.request('/new')).status).toBe(200)
  })

  it('sees a changed rewrite, subset, plugin and meta, and nothing where nothing changed', async () => {
    const log: string[] = []
    const options: GatewayOptions = {
      upstreams: { up: hello },
      routes: [
        { path: '/a/:x', upstream: 'up', rewrite: { stripPrefix: '/a' }, plugins: [counter(log)({ start: 1 })], subset: { v: '1' } },
      ],
    }
    const gateway = gatewayWith(options)
    await gateway.ready
    const changed = async (more: object): Promise<number> =>
      (await gateway.update({ ...options, routes: [{ ...options.routes![0]!, ...more }] }, { dryRun: true })).changed.length
    expect(await changed({})).toBe(0)
    expect(await changed({ plugins: [counter(log)({ start: 1 })] })).toBe(0)
    expect(await changed({ rewrite: { addPrefix: '/b' } })).toBe(1)
    expect(await changed({ subset: { v: '2' } })).toBe(1)
    expect(await changed({ plugins: [counter(log)({ start: 2 })] })).toBe(1)
    expect(await changed({ meta: { a: 1 } })).toBe(1)
  })

  it('tells what is different about routes and upstreams, before and after it happens', async () => {
    const upstreams = (origin: string, more: object = {}): NonNullable<GatewayOptions['upstreams']> => ({
      up: { endpoints: [origin], ...more },
      same: ['http://127.0.0.1:9'],
    })
    const route = { path: '/a', upstream: 'up' }
    const gateway = gatewayWith({ upstreams: upstreams('http://127.0.0.1:1'), routes: [route] })
    await gateway.ready
    const next: GatewayOptions = {
      upstreams: upstreams('http://127.0.0.1:2', { host: 'upstream', protocol: 'http1' }),
      routes: [{ ...route, upstream: 'same', priority: 60, rewrite: { addPrefix: '/b' } }],
    }
    const dry = await gateway.update(next, { dryRun: true })
    expect(gateway.snapshot.upstreams.get('up')!.endpoints[0]!.origin).toBe('http://127.0.0.1:1')
    for (const diff of [dry, await gateway.update(next)]) {
      expect([...diff.changes.values()]).toEqual([['upstream', 'priority', 'rewrite']])
      expect([...diff.upstreamsChanged]).toEqual([['up', ['endpoints', 'host', 'protocol']]])
    }
    expect((await gateway.update(next)).upstreamsChanged.size).toBe(0)
    const moved = await gateway.update({ ...next, upstreams: upstreams('http://127.0.0.1:3', { host: 'upstream', protocol: 'http1' }) })
    expect([...moved.upstreamsChanged]).toEqual([['up', ['endpoints']]])
  })

  it('[R33] a bad configuration changes nothing', async () => {
    const gateway = gatewayWith()
    await gateway.ready
    const before = gateway.snapshot
    await expect(gateway.update({ routes: [{ path: '/a', upstream: 'none' }] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(gateway.update({ ...BASIC, trustedProxies: ['x'] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(gateway.snapshot).toBe(before)
    expect((await gateway.request('/a')).status).toBe(200)
  })

  it('a dry run changes nothing and holds nothing', async () => {
    const log: string[] = []
    const gateway = gatewayWith()
    await gateway.ready
    const before = gateway.snapshot
    const diff = await gateway.update(
      { upstreams: { next: hello }, routes: [{ path: '/x', upstream: 'next' }], plugins: [counter(log)({ start: 5 })] },
      { dryRun: true },
    )
    expect(diff.added).toHaveLength(1)
    expect(log).toEqual(['setup 5', 'dispose 5'])
    expect(gateway.snapshot).toBe(before)
    expect((await gateway.request('/a')).headers.has('x-count')).toBe(false)
  })

  it('[R34] a plugin of equal identity keeps its state; another one is set up before the swap and the old one disposed after it', async () => {
    const log: string[] = []
    const withCounter = (start: number): GatewayOptions => ({ ...BASIC, plugins: [counter(log)({ start })] })
    const gateway = gatewayWith(withCounter(10))
    const count = async (): Promise<string | null> => {
      const response = await gateway.request('/')
      // The generation is held until the last byte.
      await response.text()
      return response.headers.get('x-count')
    }
    expect(await count()).toBe('11')
    await gateway.update(withCounter(10))
    expect(await count()).toBe('12')
    await gateway.update(withCounter(50))
    expect(await count()).toBe('51')
    await vi.waitFor(() => expect(log).toEqual(['setup 10', 'setup 50', 'dispose 10']))
  })

  it('[R34] a failing plugin changes nothing and the others that were set up for it are let go', async () => {
    const log: string[] = []
    const gateway = gatewayWith({ ...BASIC, plugins: [counter(log)({ start: 1 })] })
    await gateway.ready
    const failing = definePlugin({ name: 'failing', config: v.optional(v.unknown()), setup: () => Promise.reject(new Error('no')) })
    await expect(
      gateway.update({ ...BASIC, plugins: [counter(log)({ start: 2 })], routes: [{ path: '/*', upstream: 'up', plugins: [failing()] }] }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(log).toEqual(['setup 1', 'setup 2', 'dispose 2'])
    expect((await gateway.request('/')).headers.get('x-count')).toBe('2')
  })

  it('runs updates one after the other, in order', async () => {
    const gateway = gatewayWith()
    const update = (text: string): Promise<unknown> =>
      gateway.update({ upstreams: { up: () => new Response(text) }, routes: [{ path: '/*', upstream: 'up' }] })
    await Promise.all([update('1'), update('2'), update('3')])
    expect(gateway.snapshot.generation).toBe(4)
    expect(await (await gateway.request('/')).text()).toBe('3')
  })

  it('a request under way ends with the plugins it began with', async () => {
    const log: string[] = []
    let answer: (response: Response) => void = () => {}
    const slow = (): Promise<Response> => new Promise((resolve) => (answer = resolve))
    const gateway = gatewayWith({
      upstreams: { up: slow },
      routes: [{ path: '/*', upstream: 'up' }],
      plugins: [counter(log)({ start: 1 })],
    })
    const pending = gateway.request('/')
    await vi.waitFor(() => expect(gateway.endpoints(gateway.snapshot.upstreams.get('up')!)[0]!.active).toBe(1))
    await gateway.update(BASIC)
    expect(log).toEqual(['setup 1'])
    answer(new Response('late'))
    const response = await pending
    expect(response.headers.get('x-count')).toBe('2')
    expect(log).toEqual(['setup 1'])
    expect(await response.text()).toBe('late')
    await vi.waitFor(() => expect(log).toEqual(['setup 1', 'dispose 1']))
  })

  it('a listener that throws does not stop the gateway', async () => {
    const { log, lines } = recorder()
    const gateway = gatewayWith({ ...BASIC, log })
    await gateway.ready
    gateway.on('snapshot', () => {
      throw new Error('listener')
    })
    const after = vi.fn()
    gateway.on('snapshot', after)[Symbol.dispose]()
    gateway.on('snapshot', after)
    await gateway.update(BASIC)
    expect(after).toHaveBeenCalledTimes(1)
    expect(lines.map((line) => line.message)).toEqual(['an event listener threw'])
  })

  it('the routes of a source that is taken away go with it; an equal source runs on', async () => {
    const source = new ScriptedSource('one')
    const other = new ScriptedSource('two')
    const gateway = gatewayWith({ ...BASIC, sources: [source, other] })
    source.say([setOf('a', '1', ['/from-one'], ['http://127.0.0.1:9'])])
    other.say([setOf('b', '1', ['/from-two'], ['http://127.0.0.1:9'])])
    await gateway.synced
    await gateway.update({ ...BASIC, sources: [other] })
    expect(gateway.snapshot.routes.map((route) => route.path).sort()).toEqual(['/*', '/from-two'])
    await vi.waitFor(() => expect(source.isOpen).toBe(false))
    expect([other.starts, other.isOpen]).toEqual([1, true])
  })
})

describe('dispose', () => {
  it('ends discovery, sources, requests, timers and plugins, and may be called twice', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const log: string[] = []
    const provider = new ScriptedProvider()
    const source = new ScriptedSource()
    const failing = new ScriptedProvider('failing')
    const gateway = createGateway({
      upstreams: { up: () => new Promise<Response>(() => {}) },
      routes: [{ path: '/*', upstream: 'up' }],
      plugins: [counter(log)({ start: 1 })],
      discovery: [provider, failing],
      sources: [source],
    })
    failing.fail('down')
    await gateway.ready
    const pending = gateway.request('/')
    await vi.waitFor(() => expect([provider.isOpen, source.isOpen, timers() > before]).toEqual([true, true, true]))
    await gateway[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
    expect((await pending).status).toBe(503)
    await vi.waitFor(() => expect([provider.isOpen, source.isOpen, failing.isOpen]).toEqual([false, false, false]))
    expect(log).toEqual(['setup 1', 'dispose 1'])
    await vi.waitFor(() => expect(timers()).toBe(before))
  })

  it('afterwards answers 503, refuses updates and gives up on `synced`', async () => {
    const gateway = createGateway({ ...BASIC, discovery: [new ScriptedProvider()] })
    await gateway.ready
    await gateway[Symbol.asyncDispose]()
    expect((await gateway.request('/')).status).toBe(503)
    await expect(gateway.update(BASIC)).rejects.toMatchObject({ code: 'NOT_READY' })
    await expect(gateway.synced).rejects.toMatchObject({ code: 'NOT_READY' })
  })
})
