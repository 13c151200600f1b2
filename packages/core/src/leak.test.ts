import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { getEventListeners } from 'node:events'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { createGateway } from './gateway.ts'
import { gatewayTo, lanesOf, open, ScriptedWire } from '../test/support/scripted.ts'
import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway-types.ts'
import type { GatewayOptions } from './options.ts'

const disposeLater = <T extends Gateway>(gateway: T): T => {
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

/** A plugin is disposed when the last request of its generation is done: the proof that no lease is left. */
function witness(disposed: () => void): NonNullable<GatewayOptions['plugins']> {
  const identity = { name: 'witness', version: '1.0.0', config: disposed }
  return [{ name: 'witness', version: '1.0.0', identity, setup: () => ({ [Symbol.asyncDispose]: async () => disposed() }) }]
}

const active = (gateway: Gateway): number =>
  gateway.endpoints(gateway.snapshot.upstreams.get('up')!).reduce((sum, endpoint) => sum + endpoint.active, 0)
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/** Finalizers and weak references let go only between turns of the event loop. */
async function heap(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}

describe('[R40] leaks', () => {
  it('[R40] 10,000 aborted requests leave no lease, no listener on a shared signal and no request on an endpoint', async () => {
    const disposed = vi.fn()
    const up = (request: Request): Promise<Response> | Response =>
      request.url.endsWith('body') ? new Response(new ReadableStream({}, { highWaterMark: 0 })) : new Promise<Response>(() => {})
    const gateway = disposeLater(createGateway({ upstreams: { up }, routes: [{ path: '/*', upstream: 'up' }], plugins: witness(disposed) }))
    await gateway.ready
    const server = new AbortController()
    const round = async (n: number): Promise<void> => {
      const client = new AbortController()
      const pending = Array.from({ length: n }, (_, i) =>
        gateway.request(i % 2 === 0 ? '/hangs' : '/body', {
          signal: i % 4 === 0 ? AbortSignal.any([client.signal, server.signal]) : client.signal,
        }),
      )
      await vi.waitFor(() => expect(active(gateway)).toBe(n))
      client.abort()
      await Promise.all(pending)
    }
    for (let i = 0; i < 20; i++) await round(100)
    const before = await heap()
    for (let i = 0; i < 80; i++) await round(100)
    expect(active(gateway)).toBe(0)
    expect(getEventListeners(server.signal, 'abort')).toHaveLength(0)
    // 8,000 requests: 1 KiB kept of each would show.
    expect((await heap()) - before).toBeLessThan(4e6)
    await gateway.update({})
    await vi.waitFor(() => expect(disposed).toHaveBeenCalledTimes(1))
  }, 60_000)

  it('[R40] 10,000 requests on one signal that never aborts leave no listener on it', async () => {
    const gateway = disposeLater(createGateway({ upstreams: { up: () => new Response('ok') }, routes: [{ path: '/*', upstream: 'up' }] }))
    const shared = new Request('http://gateway.test/x')
    for (let i = 0; i < 10_000; i++) await (await gateway.fetch(shared)).text()
    expect(getEventListeners(shared.signal, 'abort')).toHaveLength(0)
  }, 60_000)

  it('[R40] 10,000 aborted attempts on the head lane leave no deadline and no request on an endpoint', async () => {
    const disposed = vi.fn()
    const gateway = disposeLater(await gatewayTo(['http://10.0.0.1'], { plugins: witness(disposed) }))
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    for (let i = 0; i < 10_000; i++) {
      const wire = new ScriptedWire(i % 2 === 0 ? 'hangs' : { status: 200 })
      const { ctx } = open(gateway)
      ctx.start()
      if (i % 10 === 0) expect(timers()).toBeGreaterThan(0)
      const answer = lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
      ctx.downstream = { cut: (error) => ctx.finish({ status: 200, bytesOut: 0, error }) }
      if (i % 2 === 1) await answer
      ctx.end(new GatewayError('CLIENT_CLOSED'))
      ctx.finish({ status: (await answer).head.status, bytesOut: 0 })
    }
    expect(active(gateway)).toBe(0)
    await gateway.update({})
    await vi.waitFor(() => expect(disposed).toHaveBeenCalledTimes(1))
  }, 60_000)

  it('[R40] 1,000 swaps under load keep no generation, no plugin and no endpoint state', async () => {
    const live = { plugins: 0 }
    const options = (n: number): GatewayOptions => {
      const identity = { name: 'counted', version: '1.0.0', config: n }
      const setup = () => ((live.plugins += 1), { [Symbol.asyncDispose]: async () => void (live.plugins -= 1) })
      return {
        upstreams: { up: () => new Response('ok'), [`other-${n}`]: [`http://10.0.${n >> 8}.${n & 255}`] },
        routes: [
          { path: '/*', upstream: 'up' },
          { path: `/${n}`, upstream: `other-${n}` },
        ],
        plugins: [{ name: 'counted', version: '1.0.0', identity, setup }],
      }
    }
    const gateway = disposeLater(createGateway(options(0)))
    await gateway.ready
    const first = new WeakRef(gateway.snapshot)
    const passed: Gateway['snapshot']['upstreams'][] = []
    const swap = async (from: number, to: number): Promise<void> => {
      for (let n = from; n <= to; n++) {
        const pending = gateway.request('/x')
        await gateway.update(options(n))
        if (n % 100 === 0) passed.push(gateway.snapshot.upstreams)
        expect(await (await pending).text()).toBe('ok')
      }
    }
    await swap(1, 200)
    const before = await heap()
    await swap(201, 1_000)
    await vi.waitFor(() => expect(live.plugins).toBe(1))
    expect(gateway.snapshot.generation).toBe(1_001)
    // An upstream that nobody uses any more has let go of its endpoints.
    const gone = passed
      .slice(0, -1)
      .map((upstreams) => [...upstreams.values()].find((one) => one.name.startsWith('other'))!.endpoints.length)
    expect(gone).toEqual(gone.map(() => 0))
    expect((await heap()) - before).toBeLessThan(4e6)
    expect(first.deref()).toBeUndefined()
  }, 60_000)
})
