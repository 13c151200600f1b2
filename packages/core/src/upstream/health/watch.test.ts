import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { finish, lanesOf, open, plugin, recorder, ScriptedWire, send, startTo, statusOf } from '../../../test/support/scripted.ts'
import { GatewayError } from '../../errors.ts'
import type { Act, Arrival } from '../../../test/support/scripted.ts'
import type { EndpointStatus } from '../endpoint-state.ts'
import type { Gateway } from '../../gateway-types.ts'
import type { GatewayOptions } from '../../options.ts'

const ONE = ['http://10.0.0.1']
const POST: Arrival = { method: 'POST' }
const CALL: Arrival = { method: 'POST', fields: ['content-type', 'application/grpc', 'te', 'trailers'], carries: ['grpc'] }

const endpointsOf = (gateway: Gateway): readonly EndpointStatus[] => gateway.endpoints(gateway.snapshot.upstreams.get('up')!)
const stateOf = (gateway: Gateway): EndpointStatus => endpointsOf(gateway)[0]!

/** So many requests after each other, and their statuses. */
async function ask(gateway: Gateway, act: Act, times: number, arrival: Arrival = POST): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < times; i++) statuses.push(await statusOf(gateway, new ScriptedWire(act), arrival))
  return statuses
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

describe('[R35] a circuit breaker', () => {
  it.each<[string, Act]>([
    ['503', { status: 503 }],
    ['502', { status: 502 }],
    ['504', { status: 504 }],
    ['connections that break', { fails: 'UPSTREAM_RESET' }],
    ['invalid answers', { fails: 'UPSTREAM_PROTOCOL' }],
    ['refusals of what was sent', { fails: 'UPSTREAM_REFUSED' }],
  ])('[R35] opens by default after five times %s in a row, fails fast, and lets one request try after a minute', async (_name, act) => {
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    await ask(gateway, act, 4)
    await ask(gateway, { status: 200 }, 1)
    await ask(gateway, act, 4)
    expect(stateOf(gateway).circuit).toBe('closed')
    await ask(gateway, act, 1)
    expect(stateOf(gateway)).toMatchObject({ state: 'out', reason: 'failing', circuit: 'open', failures: 5, outForMs: 60_000 })
    const wire = new ScriptedWire({ status: 200 })
    vi.advanceTimersByTime(20_500)
    const refused = await send(gateway, wire)
    finish(refused)
    expect(refused.answer.head.status).toBe(503)
    expect(refused.answer.head.headers.get('retry-after')).toBe('40')
    expect(JSON.parse(refused.answer.local as string)).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect(wire.calls).toHaveLength(0)
    vi.advanceTimersByTime(39_500)
    expect(stateOf(gateway)).toMatchObject({ state: 'half-open', circuit: 'half-open', outForMs: 0 })
    expect(await ask(gateway, { status: 200 }, 3)).toEqual([200, 200, 200])
    expect(stateOf(gateway)).toMatchObject({ state: 'available', reason: null, failures: 0 })
  })

  it('[R35] lets one request try, whatever the rush, and opens again when it fails', async () => {
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    await ask(gateway, { status: 503 }, 5)
    vi.advanceTimersByTime(60_000)
    const wire = new ScriptedWire('hangs')
    const tried = open(gateway, POST).ctx
    tried.start()
    const answering = lanesOf(gateway).exchange<string | null, string>(tried, wire, null)
    const others = await Promise.all(Array.from({ length: 50 }, () => send(gateway, wire, POST)))
    expect(wire.calls).toHaveLength(1)
    expect(new Set(others.map(({ answer }) => answer.head.status))).toEqual(new Set([503]))
    others.forEach(finish)
    tried.expire(performance.now() + 30_000)
    finish({ ctx: tried, answer: await answering })
    expect(stateOf(gateway)).toMatchObject({ state: 'out', circuit: 'open', outForMs: 60_000 })
    expect(await ask(gateway, { status: 200 }, 1)).toEqual([503])
  })

  it('[R35] keeps to the number of trials also where a hook makes them wait before they are sent', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let isHeld = false
    const gateway = await startTo(ONE, {
      routing: { retries: 0, circuitBreaker: { failureThreshold: 1, timeout: '1s', halfOpenRequests: 2 } },
      plugins: [plugin({ onUpstreamRequest: async () => (isHeld ? held : undefined) })],
    })
    await ask(gateway, { status: 503 }, 1)
    vi.advanceTimersByTime(1_000)
    isHeld = true
    const wire = new ScriptedWire({ status: 200 })
    const rush = Array.from({ length: 9 }, () => send(gateway, wire, POST))
    await vi.waitFor(() => expect(stateOf(gateway).circuit).toBe('half-open'))
    release()
    const all = await Promise.all(rush)
    all.forEach(finish)
    expect(all.map(({ answer }) => answer.head.status).sort()).toEqual([200, 200, ...Array.from({ length: 7 }, () => 503)])
    expect(wire.calls).toHaveLength(2)
  })

  it.each<[string, (gateway: Gateway) => Promise<void>]>([
    [
      'a client that leaves',
      async (gateway) => {
        const wire = new ScriptedWire('hangs')
        const { ctx } = open(gateway, POST)
        ctx.start()
        const answering = lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
        await Promise.resolve()
        ctx.end(new GatewayError('CLIENT_CLOSED'))
        finish({ ctx, answer: await answering })
      },
    ],
    [
      'a hook that throws before anything is sent',
      async (gateway) => {
        const wire = new ScriptedWire({ status: 200 })
        expect(await statusOf(gateway, wire, { ...POST, target: '/throws' })).toBe(500)
        expect(wire.calls).toHaveLength(0)
      },
    ],
  ])('is not kept half-open by %s', async (_name, leave) => {
    const gateway = await startTo(ONE, {
      routing: { retries: 0, circuitBreaker: { failureThreshold: 1, timeout: '1s' } },
      plugins: [
        plugin({
          onUpstreamRequest: (ctx) => {
            if (ctx.request.target === '/throws') throw new Error('no')
          },
        }),
      ],
    })
    await ask(gateway, { status: 503 }, 1)
    vi.advanceTimersByTime(1_000)
    await leave(gateway)
    expect(stateOf(gateway)).toMatchObject({ circuit: 'half-open', active: 0 })
    expect(await ask(gateway, { status: 200 }, 1)).toEqual([200])
    expect(stateOf(gateway).circuit).toBe('closed')
  })

  it('[R34] survives changes of the configuration, those of its own settings included', async () => {
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    await ask(gateway, { status: 503 }, 5)
    const routes = [{ path: '/*', upstream: 'up' }]
    const changed: GatewayOptions[] = [
      { upstreams: { up: ONE }, routes, routing: { retries: 0, timeout: '7s' } },
      { upstreams: { up: { endpoints: ONE, host: 'upstream' } }, routes },
      { upstreams: { up: { endpoints: ONE, circuitBreaker: { failureThreshold: 50, timeout: '5s' } } }, routes },
    ]
    for (const options of changed) {
      await gateway.update(options)
      expect(stateOf(gateway)).toMatchObject({ state: 'out', reason: 'failing', outForMs: 60_000 })
      expect(await ask(gateway, { status: 200 }, 1)).toEqual([503])
    }
    await gateway.update({ upstreams: { other: ONE }, routes: [{ path: '/*', upstream: 'other' }] })
    await gateway.update(changed[0]!)
    expect(stateOf(gateway).state).toBe('available')
  })

  it('leaves an upstream with another endpoint to that one', async () => {
    const gateway = await startTo(['http://10.0.0.1', 'http://10.0.0.2'], { routing: { retries: 0 } })
    const wire = new ScriptedWire({ status: 503 })
    for (let i = 0; i < 40; i++) await statusOf(gateway, wire, POST)
    expect(endpointsOf(gateway).map(({ state }) => state)).toEqual(['out', 'out'])
    expect(wire.calls).toHaveLength(10)
    await ask(gateway, { status: 200 }, 1)
  })

  it('is not opened by answers of handlers, by clients that leave, or by what clients ask for wrongly', async () => {
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    await ask(gateway, { status: 500 }, 20)
    await ask(gateway, { status: 501 }, 20)
    await ask(gateway, { status: 404 }, 20)
    await ask(gateway, { fails: 'UPSTREAM_PROTOCOL' }, 20, CALL)
    for (let i = 0; i < 20; i++) {
      const { ctx } = await send(gateway, new ScriptedWire({ status: 200 }))
      ctx.finish({ status: 200, bytesOut: 1, error: new GatewayError('CLIENT_CLOSED') })
    }
    expect(stateOf(gateway)).toMatchObject({ state: 'available', failures: 0, cuts: 0, since: null })
  })

  it('knows no outage of a function in this process', async () => {
    const gateway = await startTo([], { upstreams: { up: () => new Response('maintenance', { status: 503 }) } })
    for (let i = 0; i < 20; i++) expect(await (await gateway.request('/')).text()).toBe('maintenance')
  })

  it('does not speak of other endpoints where a route may use some only', async () => {
    const failing = { id: 'a', origin: ONE[0]!, weight: 1, labels: { v: '1' } }
    const gateway = await startTo([], {
      upstreams: { up: { endpoints: [failing], circuitBreaker: { failureThreshold: 1 } } },
      routes: [
        { path: '/*', upstream: 'up' },
        { path: '/two', upstream: 'up', subset: { v: '2' } },
      ],
    })
    await ask(gateway, { status: 503 }, 1)
    const codes = await Promise.all(
      ['/', '/two'].map(async (target) => {
        const sent = await send(gateway, new ScriptedWire({ status: 200 }), { target })
        finish(sent)
        return (JSON.parse(sent.answer.local as string) as { code: string }).code
      }),
    )
    expect(codes).toEqual(['CIRCUIT_OPEN', 'NO_ENDPOINT'])
  })

  it('counts answers that break off after good heads', async () => {
    const gateway = await startTo(ONE)
    for (let i = 0; i < 5; i++) {
      expect(stateOf(gateway).circuit).toBe('closed')
      const { ctx } = await send(gateway, new ScriptedWire({ status: 200 }))
      ctx.finish({ status: 200, bytesOut: 1, error: new GatewayError('UPSTREAM_RESET') })
    }
    expect(stateOf(gateway)).toMatchObject({ circuit: 'open', cuts: 5 })
  })

  it('does not count streams that are cut, nor answers that a slow reader lets die', async () => {
    const gateway = await startTo(ONE)
    for (let i = 0; i < 20; i++) {
      const events = await send(gateway, new ScriptedWire({ status: 200, fields: ['content-type', 'text/event-stream'] }))
      events.ctx.finish({ status: 200, bytesOut: 1, error: new GatewayError('UPSTREAM_RESET') })
      const { ctx } = await send(gateway, new ScriptedWire({ status: 200 }))
      ctx.finish({ status: 200, bytesOut: 1, error: new GatewayError('IDLE_TIMEOUT') })
    }
    expect(stateOf(gateway)).toMatchObject({ circuit: 'closed', cuts: 0 })
  })

  it('counts gRPC by its status: UNAVAILABLE in the head or in the trailers, and no other', async () => {
    const told = (code: number): Act => ({ status: 200, fields: ['content-type', 'application/grpc', 'grpc-status', String(code)] })
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    for (const code of [1, 2, 3, 4, 5, 7, 8, 12, 13, 16]) await ask(gateway, told(code), 6, CALL)
    expect(stateOf(gateway)).toMatchObject({ circuit: 'closed', failures: 0 })
    await ask(gateway, told(14), 5, CALL)
    expect(stateOf(gateway)).toMatchObject({ circuit: 'open', failures: 5 })
    const other = await startTo(ONE, { routing: { retries: 0 } })
    for (let i = 0; i < 5; i++) {
      const sent = await send(other, new ScriptedWire({ status: 200, fields: ['content-type', 'application/grpc'] }), CALL)
      sent.ctx.grpcStatus = 14
      finish(sent)
    }
    expect(stateOf(other)).toMatchObject({ circuit: 'open', cuts: 5 })
  })

  it('is not opened by calls whose clients give them no time', async () => {
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    for (let i = 0; i < 20; i++) {
      const { ctx } = open(gateway, { ...CALL, fields: [...CALL.fields!, 'grpc-timeout', '1m'] })
      ctx.start()
      const answering = lanesOf(gateway).exchange<string | null, string>(ctx, new ScriptedWire('hangs'), null)
      await Promise.resolve()
      vi.advanceTimersByTime(2)
      ctx.expire(performance.now())
      finish({ ctx, answer: await answering })
    }
    expect(stateOf(gateway)).toMatchObject({ circuit: 'closed', failures: 0, active: 0 })
  })

  it('writes one line for each change, and none for the requests that it turns away', async () => {
    const { log, lines } = recorder()
    const gateway = await startTo(ONE, { log, routing: { retries: 0 } })
    await ask(gateway, { status: 503 }, 5)
    await ask(gateway, { status: 200 }, 30)
    vi.advanceTimersByTime(60_000)
    await ask(gateway, { status: 200 }, 3)
    const told = lines.filter(({ level }) => level !== 'debug')
    expect(told.map(({ level, message, fields }) => [level, message, fields['reason'] ?? fields['was']])).toEqual([
      ['warn', 'instance keeps failing and is left alone', 'status 503'],
      ['info', 'instance answers again', 'failing'],
    ])
    expect(told[0]!.fields).toMatchObject({ upstream: 'up', endpoint: 'http://10.0.0.1', for_ms: 60_000 })
  })

  it('an upstream that only cannot be reached is still tried: a likely failure is better than a certain one', async () => {
    const gateway = await startTo(ONE, { routing: { retries: 0 } })
    expect(await ask(gateway, { fails: 'UPSTREAM_CONNECT' }, 20)).toEqual(Array.from({ length: 20 }, () => 502))
    expect(stateOf(gateway)).toMatchObject({ state: 'out', reason: 'unreachable', outForMs: 1_000, refusals: 1 })
    expect(await ask(gateway, { status: 200 }, 1)).toEqual([200])
    expect(stateOf(gateway).state).toBe('available')
  })

  it('tells metrics', async () => {
    const gateway = await startTo(['http://10.0.0.1', 'http://10.0.0.2'], { routing: { retries: 0 } })
    const shown = (): string[] =>
      gateway.metrics
        .exposition()
        .split('\n')
        .filter((line) => /^octopus_(circuit|upstream_endpoints)/.test(line))
    await ask(gateway, { status: 503 }, 9)
    expect(shown()).toEqual([
      'octopus_circuit_breaker_state{upstream="up"} 2',
      'octopus_circuit_breaker_opened_total{upstream="up",reason="failing"} 1',
      'octopus_circuit_breaker_opened_total{upstream="up",reason="unreachable"} 0',
      'octopus_upstream_endpoints{upstream="up",state="available"} 1',
      'octopus_upstream_endpoints{upstream="up",state="half-open"} 0',
      'octopus_upstream_endpoints{upstream="up",state="out"} 1',
    ])
    vi.advanceTimersByTime(60_000)
    expect(shown()[0]).toBe('octopus_circuit_breaker_state{upstream="up"} 1')
    await ask(gateway, { status: 200 }, 4)
    expect(shown()[0]).toBe('octopus_circuit_breaker_state{upstream="up"} 0')
  })
})

describe('outlier detection', () => {
  const four = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3', 'http://10.0.0.4']
  const bad = (origin: string) => (origin === four[0] || origin === four[1] ? 500 : 200)

  /** Requests answered by who they went to. */
  async function traffic(gateway: Gateway, requests: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (let i = 0; i < requests; i++) {
      const wire = new ScriptedWire({ status: 200 })
      const sending = wire.send.bind(wire)
      wire.send = (call) => {
        const status = bad(call.endpoint.origin)
        counts[call.endpoint.origin] = (counts[call.endpoint.origin] ?? 0) + 1
        return status === 200 ? sending(call) : new ScriptedWire({ status }).send(call)
      }
      await statusOf(gateway, wire, POST)
    }
    return counts
  }

  it('leaves out what does worse than the others, up to its part, and takes it back', async () => {
    const { log, lines } = recorder()
    const gateway = await startTo(four, { log, routing: { outlierDetection: { consecutiveFailures: 3 } } })
    await traffic(gateway, 40)
    const out = endpointsOf(gateway).filter(({ state }) => state === 'out')
    expect(out).toMatchObject([{ reason: 'ejected', ejections: 1, circuit: 'closed' }])
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      message: 'instance does worse than the others and is left out',
      fields: { reason: '3 failures in a row; the last: status 500', for_ms: 30_000 },
    })
    expect((await traffic(gateway, 30))[out[0]!.origin]).toBeUndefined()
    vi.advanceTimersByTime(30_000)
    expect((await traffic(gateway, 4))[out[0]!.origin]).toBe(1)
    expect(lines.filter(({ message }) => message === 'instance is among the others again')).toHaveLength(1)
  })

  it('leaves out two of four when half may be', async () => {
    const gateway = await startTo(four, { routing: { outlierDetection: { consecutiveFailures: 3, maxEjected: 50 } } })
    await traffic(gateway, 40)
    expect(endpointsOf(gateway).map(({ state }) => state)).toEqual(['out', 'out', 'available', 'available'])
  })

  it('looks at shares of failures', async () => {
    const gateway = await startTo(four, {
      routing: { outlierDetection: { consecutiveFailures: Infinity, failureRate: { threshold: 60, minRequests: 10 } } },
    })
    await traffic(gateway, 36)
    expect(endpointsOf(gateway).every(({ state }) => state === 'available')).toBe(true)
    await traffic(gateway, 4)
    expect(endpointsOf(gateway).filter(({ state }) => state === 'out')).toHaveLength(1)
  })

  it('uses what it left out when nothing else is there', async () => {
    const gateway = await startTo(four.slice(0, 2), { routing: { retries: 0, outlierDetection: { consecutiveFailures: 3 } } })
    await traffic(gateway, 6)
    const [left] = endpointsOf(gateway).filter(({ state }) => state === 'available')
    const wire = new ScriptedWire({ fails: 'UPSTREAM_CONNECT' }, { status: 200 })
    await statusOf(gateway, wire, POST)
    expect(wire.origins).toEqual([left!.origin])
    const other = new ScriptedWire({ status: 200 })
    expect(await statusOf(gateway, other, POST)).toBe(200)
    expect(other.calls).toHaveLength(1)
  })
})
