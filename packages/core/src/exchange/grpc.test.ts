import { describe, expect, it, onTestFinished } from 'vitest'
import { finish, open, plugin, ScriptedWire, send, startTo } from '../../test/support/scripted.ts'
import { GatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import type { Act, Arrival } from '../../test/support/scripted.ts'
import type { Answer, Context } from '@octopus-gateway/core/lane'
import type { Gateway, GatewayOptions, Outcome, Reply } from '@octopus-gateway/core'

const ONE = ['http://10.0.0.1']
const GRPC_ANSWER: Act = { status: 200, fields: ['content-type', 'application/grpc+proto'] }

interface Ended {
  readonly ctx: Context
  readonly answer: Answer<string>
  readonly wire: ScriptedWire
  readonly outcome: Outcome
}

/** One call through a gateway to these endpoints, finished. */
async function call(
  acts: readonly Act[],
  more: { origins?: readonly string[]; options?: GatewayOptions; fields?: string[] } = {},
): Promise<Ended> {
  let outcome: Outcome | undefined
  const plugins = [plugin({ onFinish: (_ctx, finished) => void (outcome = finished) }), ...(more.options?.plugins ?? [])]
  const gateway = await startTo(more.origins ?? ONE, { ...more.options, plugins })
  const wire = new ScriptedWire(...acts)
  const sent = await send(gateway, wire, grpc(more.fields))
  finish(sent)
  return { ...sent, wire, outcome: outcome! }
}

function grpc(fields: string[] = []): Arrival {
  return { method: 'POST', target: '/shop.Users/Get', fields: ['content-type', 'application/grpc', ...fields], carries: ['grpc'] }
}

const status = ({ answer }: { readonly answer: Answer<string> }): string | undefined => answer.head.headers.get('grpc-status')

function denying(reply: Reply): GatewayOptions {
  return { plugins: [plugin({ onRequest: () => reply })] }
}

describe('a reply of a policy', () => {
  it.each([
    [400, '3'],
    [401, '16'],
    [403, '7'],
    [404, '12'],
    [409, '10'],
    [413, '8'],
    [418, '2'],
    [429, '8'],
    [431, '8'],
    [500, '13'],
    [501, '12'],
    [502, '14'],
    [503, '14'],
    [504, '4'],
  ])('[R1] with %d is status %s, trailers only', async (code, expected) => {
    const ended = await call([GRPC_ANSWER], {
      options: denying({
        status: code,
        headers: new HeaderList(['content-type', 'text/html', 'content-length', '3', 'x-kept', 'yes']),
        body: 'no!',
      }),
    })
    const { head, local, flow } = ended.answer
    expect([head.status, local, flow, ended.wire.calls.length]).toEqual([200, null, null, 0])
    expect(status(ended)).toBe(expected)
    expect(head.headers.getAll('content-type')).toBe('application/grpc')
    expect(head.headers.get('grpc-message')).toBe(`HTTP status ${code}`)
    expect([head.headers.has('content-length'), head.headers.get('x-kept')]).toEqual([false, 'yes'])
    expect(ended.outcome).toMatchObject({ status: 200, grpcStatus: Number(expected) })
  })

  it('tells when to come again', async () => {
    const ended = await call([GRPC_ANSWER], {
      options: denying({ status: 429, headers: new HeaderList(['retry-after', '300']), body: null }),
    })
    const details = Buffer.from(ended.answer.head.headers.get('grpc-status-details-bin')!, 'base64')
    // google.rpc.Status { code: 8, message: "HTTP status 429", details: [RetryInfo { retry_delay { seconds: 300 } }] }
    const text = details.toString('latin1')
    expect(text.startsWith('\x08\x08\x12\x0fHTTP status 429\x1a')).toBe(true)
    expect(text).toContain('type.googleapis.com/google.rpc.RetryInfo\x12\x05\x0a\x03\x08\xac\x02')
    expect(ended.answer.head.headers.get('grpc-status-details-bin')).not.toContain('=')
  })

  it('that speaks gRPC itself stays as it is', async () => {
    const headers = new HeaderList(['content-type', 'application/grpc', 'grpc-status', '9', 'grpc-message', 'not%20now'])
    const ended = await call([GRPC_ANSWER], { options: denying({ status: 200, headers, body: null }) })
    expect([status(ended), ended.answer.head.headers.get('grpc-message')]).toEqual(['9', 'not%20now'])
  })
})

describe('a failure', () => {
  it('of the upstream is UNAVAILABLE, and its reason stays in the log', async () => {
    const ended = await call([{ fails: 'UPSTREAM_CONNECT' }])
    expect([status(ended), ended.answer.head.headers.get('grpc-message')]).toEqual(['14', 'The upstream could not be reached'])
    expect(ended.outcome.error?.code).toBe('UPSTREAM_CONNECT')
  })

  it('[R8] never tells a message or a cause', async () => {
    const failing = plugin({
      onRequest: () => {
        throw new Error('postgres://admin:secret@10.0.0.9')
      },
    })
    const ended = await call([GRPC_ANSWER], { options: { plugins: [failing] } })
    expect(status(ended)).toBe('13')
    expect(ended.answer.head.headers.flat.join()).not.toMatch(/secret|postgres/)
  })

  it('has the status of its own where its code says so', async () => {
    const own = new GatewayError('QUOTA', 'inside', undefined, {
      status: 403,
      source: 'client',
      retry: 'never',
      title: 'Quota: 100 %, é',
      grpcStatus: 8,
    })
    const failing = plugin({
      onRequest: () => {
        throw own
      },
    })
    const ended = await call([GRPC_ANSWER], { options: { plugins: [failing] } })
    expect([status(ended), ended.answer.head.headers.get('grpc-message')]).toEqual(['8', 'Quota: 100 %25, %C3%A9'])
  })

  it('to find an endpoint or a route is UNAVAILABLE and UNIMPLEMENTED', async () => {
    expect(status(await call([GRPC_ANSWER], { origins: [] }))).toBe('14')
    const ended = await call([GRPC_ANSWER], { options: { routes: [{ path: '/other.Service/*', upstream: 'up' }] } })
    expect(status(ended)).toBe('12')
  })
})

describe('an upstream that does not answer in gRPC', () => {
  it.each([
    [400, 'text/html', '13'],
    [401, 'application/json', '16'],
    [403, 'text/html', '7'],
    [404, 'text/html', '12'],
    [405, 'text/html', '2'],
    [415, 'text/html', '2'],
    [429, 'text/html', '14'],
    [431, 'text/html', '13'],
    [500, 'text/html', '2'],
    [502, 'text/html', '14'],
    [503, 'text/html', '14'],
    [504, 'text/html', '14'],
    [503, 'application/grpc', '14'],
    [200, 'text/plain', '2'],
    [200, 'application/grpc-web', '2'],
    [200, 'application/grpcx', '2'],
  ])('[R28] with %d %s is status %s, and its body is given up', async (code, type, expected) => {
    const ended = await call([{ status: code, fields: ['content-type', type, 'x-internal', 'host-7', 'retry-after', '7'] }])
    const { head, flow } = ended.answer
    expect([status(ended), head.status, flow]).toEqual([expected, 200, null])
    expect([head.headers.has('x-internal'), head.headers.get('retry-after')]).toEqual([false, '7'])
    expect(ended.wire.aborted.map((error) => error.code)).toEqual(['UPSTREAM_PROTOCOL'])
    expect(ended.outcome.grpcStatus).toBe(Number(expected))
  })

  it('is believed when it tells a status all the same', async () => {
    expect(status(await call([{ status: 503, fields: ['content-type', 'application/grpc', 'grpc-status', '8'] }]))).toBe('8')
    expect(status(await call([{ status: 503, fields: ['grpc-status', '0'] }]))).toBe('14')
    expect(status(await call([{ status: 503, fields: ['grpc-status', '0, 5'] }]))).toBe('2')
  })
})

it('an answer with its status in the head goes on as it is', async () => {
  const ended = await call([{ status: 200, fields: ['content-type', 'application/grpc', 'grpc-status', '5', 'grpc-message', 'no%20book'] }])
  expect([status(ended), ended.answer.flow, ended.outcome.grpcStatus]).toEqual(['5', 'flow', 5])
})

it('[R28] the upstream is told that trailers are taken, also when the client did not say so', async () => {
  for (const fields of [[], ['te', 'gzip'], ['te', 'trailers']]) {
    const { wire } = await call([GRPC_ANSWER], { fields })
    expect(wire.calls[0]!.head.headers.getAll('te')).toBe('trailers')
  }
})

it('metadata passes as it is, binary and repeated', async () => {
  const fields = ['x-a', '1', 'x-a', '2', 'x-b-bin', 'AAE', 'x-b-bin', '/+o', 'grpc-accept-encoding', 'gzip', 'user-agent', 'grpc-node']
  const { wire } = await call([GRPC_ANSWER], { fields })
  const sent = wire.calls[0]!.head.headers
  expect([sent.values('x-a'), sent.values('x-b-bin')]).toEqual([
    ['1', '2'],
    ['AAE', '/+o'],
  ])
  expect([sent.get('grpc-accept-encoding'), sent.get('user-agent'), sent.get('content-type')]).toEqual([
    'gzip',
    'grpc-node',
    'application/grpc',
  ])
})

describe('deadlines', () => {
  it('what is left of the time goes on', async () => {
    const slow = plugin({ onRequest: () => new Promise<void>((resolve) => setTimeout(resolve, 30)) })
    const { wire } = await call([GRPC_ANSWER], { fields: ['grpc-timeout', '2S'], options: { plugins: [slow] } })
    const sent = /^(\d+)u$/.exec(wire.calls[0]!.head.headers.getAll('grpc-timeout')!)
    expect(Number(sent![1]) / 1_000).toBeGreaterThan(1_000)
    expect(Number(sent![1]) / 1_000).toBeLessThan(1_972)
  })

  it('nothing is made up where the client set none, or one that nobody means', async () => {
    expect((await call([GRPC_ANSWER])).wire.calls[0]!.head.headers.has('grpc-timeout')).toBe(false)
    expect((await call([GRPC_ANSWER], { fields: ['grpc-timeout', '99999999H'] })).wire.calls[0]!.head.headers.has('grpc-timeout')).toBe(
      false,
    )
  })

  it.each([
    ['5', '13'],
    ['1x', '13'],
    ['123456789S', '13'],
    ['0n', '4'],
    ['0S', '4'],
  ])('"%s" is status %s, and nothing is sent', async (field, expected) => {
    const ended = await call([GRPC_ANSWER], { fields: ['grpc-timeout', field] })
    expect([status(ended), ended.wire.calls.length]).toEqual([expected, 0])
  })

  it('[R1] a policy is asked before', async () => {
    const options = denying({ status: 401, headers: new HeaderList(), body: null })
    expect(status(await call([GRPC_ANSWER], { fields: ['grpc-timeout', '1x'], options }))).toBe('16')
  })

  it('[R28] the upstream is given up when the time has passed', async () => {
    const ended = await call(['hangs'], { fields: ['grpc-timeout', '80m'] })
    expect(status(ended)).toBe('4')
    expect(ended.wire.aborted.map((error) => error.code)).toEqual(['UPSTREAM_TIMEOUT'])
    expect(ended.outcome.ms).toBeGreaterThan(75)
    expect(ended.outcome.ms).toBeLessThan(1_000)
  })

  it('the route allows less: its time counts for the first head', async () => {
    const ended = await call(['hangs'], { fields: ['grpc-timeout', '1M'], options: { routing: { timeout: 80 } } })
    expect(status(ended)).toBe('4')
    expect(ended.outcome.ms).toBeLessThan(1_000)
  })

  it('[R28] one deadline holds for the whole call, and a stream without one is not cut by the time for the head', async () => {
    const limited = await flowing(['grpc-timeout', '150m'])
    const free = await flowing([])
    await limited.cut
    expect(limited.wire.aborted.map((error) => error.code)).toEqual(['UPSTREAM_TIMEOUT'])
    expect(performance.now() - limited.startedAt).toBeLessThan(1_000)
    // Progress does not give more time.
    expect(limited.ctx.ended?.code).toBe('UPSTREAM_TIMEOUT')
    expect([free.ctx.ended, free.wire.aborted.length]).toEqual([null, 0])
  })
})

/** A stream whose head came at once and whose bytes go on and on, on a route that gives the head 60 ms. */
async function flowing(fields: string[]): Promise<{ ctx: Context; wire: ScriptedWire; cut: Promise<void>; startedAt: number }> {
  const gateway = await startTo(ONE, { routing: { timeout: 60 } })
  const wire = new ScriptedWire(GRPC_ANSWER)
  const { ctx } = await send(gateway, wire, grpc(fields))
  const cut = new Promise<void>((resolve) => {
    ctx.downstream = { cut: () => resolve() }
  })
  const timer = setInterval(() => ctx.progressed(), 10)
  onTestFinished(() => {
    clearInterval(timer)
    ctx.finish({ status: 200, bytesOut: 0 })
  })
  return { ctx, wire, cut, startedAt: performance.now() }
}

describe('another attempt', () => {
  const TWO = ['http://10.0.0.1', 'http://10.0.0.2']

  it('[R15] is made where the upstream has not looked at the call', async () => {
    const refused = await call([{ fails: 'UPSTREAM_REFUSED' }, GRPC_ANSWER], { origins: TWO })
    expect([refused.answer.flow, new Set(refused.wire.origins).size]).toEqual(['flow', 2])
    const unreachable = await call([{ fails: 'UPSTREAM_CONNECT' }, GRPC_ANSWER], { origins: TWO })
    expect([unreachable.answer.flow, unreachable.wire.calls.length]).toEqual(['flow', 2])
  })

  it('is made at the same endpoint when it is the only one, once', async () => {
    const ended = await call([{ fails: 'UPSTREAM_REFUSED' }])
    expect([status(ended), ended.wire.calls.length]).toEqual(['14', 2])
  })

  it('[R15] is not made where the call may have run', async () => {
    for (const fails of ['UPSTREAM_RESET', 'UPSTREAM_PROTOCOL'] as const) {
      const ended = await call([{ fails }, GRPC_ANSWER], { origins: TWO })
      expect([status(ended), ended.wire.calls.length]).toEqual(['14', 1])
    }
  })
})

describe('what is no call', () => {
  const opened = (gateway: Gateway, arrival: Arrival): string | undefined => {
    const { ctx, refusal } = open(gateway, arrival)
    ctx.finish({ status: 0, bytesOut: 0 })
    return refusal?.code
  }

  it('another method than POST is refused in plain HTTP', async () => {
    const gateway = await startTo(ONE)
    const wire = new ScriptedWire(GRPC_ANSWER)
    const sent = await send(gateway, wire, { ...grpc(), method: 'GET' })
    finish(sent)
    expect([sent.answer.head.status, sent.answer.head.headers.get('allow'), wire.calls.length]).toEqual([405, 'POST', 0])
  })

  it('a listener or a route that cannot carry it says so', async () => {
    const gateway = await startTo(ONE, { plugins: [plugin({ middleware: (_c, next) => next() })] })
    expect(opened(gateway, grpc())).toBe('NOT_SUPPORTED')
    expect(opened(await startTo(ONE), { ...grpc(), carries: [] })).toBe('NOT_SUPPORTED')
    expect(opened(await startTo(ONE), grpc())).toBeUndefined()
  })
})
