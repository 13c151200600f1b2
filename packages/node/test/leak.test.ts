import { afterAll, beforeAll, expect, test } from 'vitest'
import { Agent, get, request as httpRequest } from 'node:http'
import { active, gauge, running, webLane } from './support/running.ts'
import { connect, Socket } from 'node:net'
import { onRequest, waitFor } from '@octopus-gateway/testing'
import { rawOrigin, service, to } from './support/upstreams.ts'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayOptions, Outcome, Plugin } from '@octopus-gateway/core'

const warnings: string[] = []
const rejections: unknown[] = []
const onWarning = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`)
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeAll(() => {
  process.on('warning', onWarning)
  process.on('unhandledRejection', onRejection)
})
afterAll(() => {
  process.off('warning', onWarning)
  process.off('unhandledRejection', onRejection)
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/** Finalizers and weak references let go only between turns of the event loop. */
async function heap(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await sleep(20)
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}

/** What may be in the heap beyond what was there before: 1 KiB kept of each request would show. */
const GROWTH_BYTES = 4e6

type Kind = 'whole' | 'upload' | 'leave-early' | 'leave-late' | 'leave-upload'
const KINDS: readonly Kind[] = ['whole', 'upload', 'whole', 'leave-early', 'whole', 'leave-late', 'leave-upload', 'whole']

/** One request of a kind; resolves when the client is done with it, whatever came of it. */
function ask(port: number, agent: Agent, kind: Kind): Promise<void> {
  return new Promise((resolve) => {
    const method = kind === 'upload' || kind === 'leave-upload' ? 'POST' : 'GET'
    const path = kind === 'leave-late' ? '/long' : kind === 'leave-early' ? '/slow' : '/quick'
    const request = httpRequest({ host: '127.0.0.1', port, agent, method, path })
    const done = (): void => resolve()
    request.on('error', done).on('close', done)
    request.on('response', (response) => {
      response.on('error', done)
      if (kind === 'leave-late') response.once('data', () => request.destroy())
      else response.resume()
    })
    if (kind === 'leave-upload') {
      request.write('the beginning')
      setImmediate(() => request.destroy())
    } else request.end(method === 'POST' ? 'a body' : undefined)
    if (kind === 'leave-early') setImmediate(() => request.destroy())
  })
}

test.each([
  ['head', [], 3_000],
  ['web', webLane(), 1_000],
] as const)(
  '[R40] %s lane: many requests, cut by clients and upstreams, leave nothing behind',
  async (_lane, plugins, count) => {
    const finished = { count: 0, errors: 0, isDisposed: false }
    const recorder = {
      name: 'recorder',
      version: '1.0.0',
      identity: { name: 'recorder', version: '1.0.0', config: finished },
      setup: () => ({
        onFinish: (_ctx: unknown, outcome: { error?: unknown }) => {
          finished.count += 1
          if (outcome.error !== undefined) finished.errors += 1
        },
        [Symbol.asyncDispose]: async () => {
          finished.isDisposed = true
        },
      }),
    }
    const up = await service((request, response) => {
      request.resume()
      if (request.url === '/quick') response.end('ok')
      else if (request.url === '/long') response.write('x'.repeat(100_000))
      else setTimeout(() => response.end('slow'), 20)
    })
    const resetting = await rawOrigin(
      onRequest((_request, socket, index) =>
        index % 3 === 2 ? void socket.resetAndDestroy() : void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      ),
    )
    const { gateway, port } = await running({ ...to(up, resetting), plugins: [recorder, ...plugins] })
    const agent = new Agent({ keepAlive: true, maxSockets: 40 })
    const before = heldSockets()
    let next = 0
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        while (next < count) await ask(port, agent, KINDS[next++ % KINDS.length]!)
      }),
    )
    agent.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0, { what: 'all connections to be closed' })
    await waitFor(() => active(gateway) === 0, { what: 'all attempts to be over' })
    // Requests that never reached the gateway have no end there; those that did have exactly one.
    expect(finished.count).toBeGreaterThan(count * 0.6)
    expect(finished.count).toBeLessThanOrEqual(count)
    expect(finished.errors).toBeGreaterThan(count / 20)
    expect(finished.isDisposed).toBe(false)
    await gateway.update({ routes: [] })
    // A generation lets its plugins go when its last lease is back.
    await waitFor(() => finished.isDisposed, { what: 'the last lease' })
    await waitFor(() => heldSockets() <= before + 80, { what: 'sockets beyond the kept pools to be closed' })
    expect(rejections).toEqual([])
    expect(warnings).toEqual([])
  },
  40_000,
)

/** A connection that is given up when it is told to: by a reset, or by its end. */
function leaver(port: number, path: string): { readonly socket: Socket; leave(isReset: boolean): void } {
  const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`))
  socket.on('error', () => {})
  return { socket, leave: (isReset) => void (isReset ? socket.resetAndDestroy() : socket.destroy()) }
}

test.each([
  ['head', []],
  ['web', webLane()],
] as const)(
  '[R40] %s lane: 5,000 clients that leave before an endpoint is picked, before the head and in the middle of the body leave nothing behind',
  async (_lane, plugins) => {
    const parked: (() => void)[] = []
    const ends = { all: 0, left: 0, isDisposed: false }
    const recorder: Plugin = {
      name: 'recorder',
      version: '1.0.0',
      identity: { name: 'recorder', version: '1.0.0', config: ends },
      setup: () => ({
        onRequest: (ctx) =>
          ctx.request.target === '/parked' ? new Promise<undefined>((go) => parked.push(() => go(undefined))) : undefined,
        onFinish: (_ctx, { error }: Outcome) => {
          ends.all += 1
          if (error?.code === 'CLIENT_CLOSED') ends.left += 1
        },
        [Symbol.asyncDispose]: async () => void (ends.isDisposed = true),
      }),
    }
    const up = await service({
      keepRequests: 1,
      handler: (request, response) => void (request.url === '/body' && response.write('x'.repeat(10_000))),
    })
    const { gateway, port } = await running({ ...to(up), plugins: [recorder, ...plugins] })
    const kinds = ['/parked', '/hangs', '/body', '/body'] as const
    const round = async (size: number): Promise<void> => {
      const [asked, ended] = [up.count, ends.all]
      let bodies = 0
      const clients = Array.from({ length: size }, (_, i) => leaver(port, kinds[i % kinds.length]!))
      for (const { socket } of clients) socket.on('data', (piece) => (bodies += piece.includes('xxx') ? 1 : 0))
      await waitFor(() => parked.length === size / 4 && up.count - asked === (size / 4) * 3 && bodies >= size / 2, {
        timeout: 5_000,
        every: 1,
        what: 'every request to be where its client leaves it',
      })
      clients.forEach(({ leave }, i) => leave(i % 8 < 4))
      await waitFor(() => ends.all - ended === size, { timeout: 5_000, every: 1, what: 'every request to be over' })
      for (const go of parked.splice(0)) go()
    }
    for (let i = 0; i < 10; i++) await round(100)
    await waitFor(() => active(gateway) === 0)
    const before = await heap()
    for (let i = 0; i < 40; i++) await round(100)
    await waitFor(() => active(gateway) === 0 && gauge(gateway, 'octopus_active_connections') === 0, { what: 'nothing to be active' })
    expect((await heap()) - before).toBeLessThan(GROWTH_BYTES)
    expect(ends).toEqual({ all: 5_000, left: 5_000, isDisposed: false })
    // Those that were parked were never sent.
    expect(up.count).toBe(3_750)
    await gateway.update({ routes: [] })
    await waitFor(() => ends.isDisposed, { what: 'the last lease' })
    expect([rejections, warnings]).toEqual([[], []])
  },
  60_000,
)

test.each([
  ['head', []],
  ['web', webLane()],
] as const)(
  '[R40] %s lane: 1,000 swaps under traffic keep no generation, no plugin and no request',
  async (_lane, plugins) => {
    const live = { plugins: 0 }
    const up = await service({ keepRequests: 1, handler: (_request, response) => void response.end('ok') })
    const options = (n: number): GatewayOptions => {
      const counted: Plugin = {
        name: 'counted',
        version: '1.0.0',
        identity: { name: 'counted', version: '1.0.0', config: n },
        setup: () => ((live.plugins += 1), { [Symbol.asyncDispose]: async () => void (live.plugins -= 1) }),
      }
      const { upstreams, routes } = to(up)
      return { upstreams, routes: [...routes, { path: `/${n}`, upstream: 'up' }], plugins: [counted, ...plugins] }
    }
    const { gateway, port } = await running(options(0))
    const first = new WeakRef(gateway.snapshot)
    const agent = new Agent({ keepAlive: true, maxSockets: 3 })
    const statuses = new Map<number, number>()
    const traffic = { isOver: false }
    const ask = (): Promise<void> =>
      new Promise((resolve, reject) => {
        get({ host: '127.0.0.1', port, agent, path: '/x' }, (response) => {
          statuses.set(response.statusCode!, (statuses.get(response.statusCode!) ?? 0) + 1)
          response.resume().on('end', resolve)
        }).on('error', reject)
      })
    const clients = Array.from({ length: 2 }, async () => {
      while (!traffic.isOver) await ask()
    })
    const swap = async (from: number, until: number): Promise<void> => {
      for (let n = from; n <= until; n++) {
        await gateway.update(options(n))
        if (n % 10 === 0) await ask()
      }
    }
    await swap(1, 200)
    const before = await heap()
    await swap(201, 1_000)
    traffic.isOver = true
    await Promise.all(clients)
    agent.destroy()
    await waitFor(() => active(gateway) === 0 && gauge(gateway, 'octopus_active_connections') === 0, { what: 'nothing to be active' })
    await waitFor(() => live.plugins === 1, { what: 'the plugins of earlier generations to be disposed' })
    expect((await heap()) - before).toBeLessThan(GROWTH_BYTES)
    expect(gateway.snapshot.generation).toBe(1_001)
    expect(first.deref()).toBeUndefined()
    expect([...statuses.keys()]).toEqual([200])
    expect(statuses.get(200)).toBeGreaterThan(200)
    expect([rejections, warnings]).toEqual([[], []])
  },
  60_000,
)

function heldSockets(): number {
  return (process as NodeJS.Process & { _getActiveHandles(): unknown[] })._getActiveHandles().filter((handle) => handle instanceof Socket)
    .length
}
