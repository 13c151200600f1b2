import { describe, expect, it, vi } from 'vitest'
import {
  finish,
  lanesOf,
  open,
  plugin,
  recorder,
  ScriptedWire,
  send,
  startTo as start,
  statusOf as status,
} from '../../test/support/scripted.ts'
import { GatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import type { Gateway } from '../gateway-types.ts'
import type { GatewayOptions } from '../options.ts'
import type { Hooks } from '../plugin/plugin.ts'

const THREE = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3']

describe('the end of a request', () => {
  const aborted = new GatewayError('CLIENT_CLOSED')

  interface Watched {
    readonly gateway: Gateway
    readonly onFinish: ReturnType<typeof vi.fn>
    readonly entries: ReturnType<typeof recorder>['entries']
    /** Waits until nothing holds the generation any more: only then its plugin is disposed. */
    released(): Promise<void>
  }

  async function watched(hooks: Hooks, options: GatewayOptions = {}): Promise<Watched> {
    const onFinish = vi.fn()
    const disposed = vi.fn()
    const { accessLog, entries } = recorder()
    const gateway = await start(THREE, {
      plugins: [plugin({ ...hooks, onFinish, [Symbol.asyncDispose]: async () => disposed() })],
      accessLog,
      ...options,
    })
    const released = async (): Promise<void> => {
      await gateway.update({})
      await vi.waitFor(() => expect(disposed).toHaveBeenCalledTimes(1))
    }
    return { gateway, onFinish, entries, released }
  }

  it('onFinish runs once after success, with the status and the bytes', async () => {
    const { gateway, onFinish, entries, released } = await watched({})
    const sent = await send(gateway, new ScriptedWire({ status: 200 }))
    expect(onFinish).not.toHaveBeenCalled()
    finish(sent)
    finish(sent)
    sent.ctx.end(aborted)
    expect(onFinish).toHaveBeenCalledTimes(1)
    expect(onFinish.mock.calls[0]![1]).toMatchObject({ status: 200, bytesOut: 4 })
    expect(onFinish.mock.calls[0]![1]).not.toHaveProperty('error')
    expect(entries).toHaveLength(1)
    await released()
  })

  it('onFinish runs once after a reply and after a 404', async () => {
    const { gateway, onFinish, released } = await watched({
      onRequest: (ctx) => (ctx.request.target === '/deny' ? { status: 401, headers: new HeaderList(), body: '' } : undefined),
    })
    expect(await status(gateway, new ScriptedWire({ status: 200 }), { target: '/deny' })).toBe(401)
    expect(await status(gateway, new ScriptedWire({ status: 200 }), { target: '//' })).toBe(400)
    expect(onFinish.mock.calls.map(([, outcome]) => (outcome as { status: number }).status)).toEqual([401, 400])
    await released()
  })

  it('[R21] an abort before the pick sends nothing', async () => {
    let go = (): void => {}
    const { gateway, onFinish, released } = await watched({ onRequest: () => new Promise<void>((resolve) => (go = resolve)) })
    const wire = new ScriptedWire({ status: 200 })
    const { ctx } = open(gateway)
    ctx.start()
    const answer = lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
    ctx.end(aborted)
    go()
    expect((await answer).head.status).toBe(499)
    finish({ ctx, answer: await answer })
    expect(wire.calls).toHaveLength(0)
    expect(onFinish).toHaveBeenCalledTimes(1)
    await released()
  })

  it('[R21] an abort while a plugin prepares the attempt sends nothing', async () => {
    let go = (): void => {}
    const { gateway, onFinish, released } = await watched({ onUpstreamRequest: () => new Promise<void>((resolve) => (go = resolve)) })
    const wire = new ScriptedWire({ status: 200 })
    const { ctx } = open(gateway)
    ctx.start()
    const answer = lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
    await new Promise((resolve) => setImmediate(resolve))
    ctx.end(aborted)
    go()
    expect((await answer).head.status).toBe(499)
    finish({ ctx, answer: await answer })
    expect(wire.calls).toHaveLength(0)
    expect(onFinish).toHaveBeenCalledTimes(1)
    await released()
  })

  it('[R21] an abort before the head aborts the attempt and is not tried again', async () => {
    const { gateway, onFinish, released } = await watched({})
    const wire = new ScriptedWire('hangs')
    const { ctx } = open(gateway)
    const { signal } = ctx
    ctx.start()
    const answer = lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
    await vi.waitFor(() => expect(wire.calls).toHaveLength(1))
    ctx.end(aborted)
    expect((await answer).head.status).toBe(499)
    expect(signal.aborted).toBe(true)
    finish({ ctx, answer: await answer })
    expect(wire.aborted).toEqual([aborted])
    expect(wire.calls).toHaveLength(1)
    expect(onFinish.mock.calls[0]![1]).toMatchObject({ status: 499, error: { code: 'CLIENT_CLOSED' } })
    await released()
  })

  it('[R21] an abort while a plugin looks at the answer gives up the body', async () => {
    let go = (): void => {}
    const { gateway, released } = await watched({ onUpstreamResponse: () => new Promise<void>((resolve) => (go = resolve)) })
    const wire = new ScriptedWire({ status: 200 })
    const { ctx } = open(gateway)
    ctx.start()
    const answer = lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
    await new Promise((resolve) => setImmediate(resolve))
    ctx.end(aborted)
    go()
    expect((await answer).flow).toBeNull()
    finish({ ctx, answer: await answer })
    expect(wire.aborted.length).toBeGreaterThan(0)
    await released()
  })

  it('[R21] an abort in the middle of the body cuts it and aborts the upstream', async () => {
    const { gateway, onFinish, released } = await watched({})
    const wire = new ScriptedWire({ status: 200 })
    const { ctx, answer } = await send(gateway, wire)
    const cut = vi.fn((error: GatewayError) => ctx.finish({ status: answer.head.status, bytesOut: 2, error }))
    ctx.downstream = { cut }
    ctx.end(aborted)
    expect(cut).toHaveBeenCalledTimes(1)
    expect(wire.aborted).toEqual([aborted])
    expect(onFinish.mock.calls.map(([, outcome]) => outcome)).toEqual([
      expect.objectContaining({ status: 200, bytesOut: 2, error: aborted }),
    ])
    await released()
  })

  it('a body that goes silent is cut after the idle timeout, not after `timeout`', async () => {
    const { gateway, released } = await watched({}, { routing: { timeout: 50, idleTimeout: 150 } })
    const { ctx } = await send(gateway, new ScriptedWire({ status: 200 }))
    const started = performance.now()
    const error = await new Promise<GatewayError>((resolve) => (ctx.downstream = { cut: resolve }))
    ctx.finish({ status: 200, bytesOut: 0, error })
    expect(error.code).toBe('IDLE_TIMEOUT')
    expect(performance.now() - started).toBeGreaterThanOrEqual(140)
    await released()
  })

  it('an onFinish or an access log that throws does not keep the others from running', async () => {
    const last = vi.fn()
    const { log, lines } = recorder()
    const throwing = plugin({
      onFinish: () => {
        throw new Error('x')
      },
    })
    const gateway = await start(THREE, { log, plugins: [throwing, plugin({ onFinish: last })] })
    expect(await status(gateway, new ScriptedWire({ status: 200 }))).toBe(200)
    expect(last).toHaveBeenCalledTimes(1)
    expect(lines.map((line) => line.message)).toEqual(['plugin failed in onFinish'])
  })
})
