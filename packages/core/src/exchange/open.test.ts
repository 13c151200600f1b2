import { describe, expect, it } from 'vitest'
import { finish, open, plugin, ScriptedWire, send, startTo as start, statusOf as status } from '../../test/support/scripted.ts'

const THREE = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3']

describe('a request context', () => {
  it('takes the id and the trace id of a trusted proxy, and makes its own otherwise', async () => {
    const gateway = await start(THREE, { trustedProxies: ['10.0.0.0/8'] })
    const fields = ['x-request-id', 'abc-1', 'traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']
    const trusted = open(gateway, { fields, peer: { ip: '10.0.0.9', secure: false, trusted: true } }).ctx
    expect([trusted.id, trusted.traceId]).toEqual(['abc-1', '0af7651916cd43dd8448eb211c80319c'])
    const stranger = open(gateway, { fields: ['x-request-id', 'abc-1'] }).ctx
    expect(stranger.id).toMatch(/^[\da-f]{32}$/)
    expect(stranger.traceId).toBe(stranger.id)
    const hostile = open(gateway, { fields: ['x-request-id', 'a"\r\nb'], peer: { ip: '10.0.0.9', secure: false, trusted: true } }).ctx
    expect(hostile.id).toMatch(/^[\da-f]{32}$/)
    for (const ctx of [trusted, stranger, hostile]) ctx.finish({ status: 200, bytesOut: 0 })
  })

  it('its signal aborts only when the request ends early', async () => {
    const gateway = await start(THREE)
    const good = await send(gateway, new ScriptedWire({ status: 200 }))
    const { signal } = good.ctx
    finish(good)
    expect(signal.aborted).toBe(false)
  })

  it.each([
    [{ target: `/${'a'.repeat(9_000)}` }, 'URI_TOO_LONG'],
    [{ fields: ['x-big', 'a'.repeat(17_000)] }, 'HEADERS_TOO_LARGE'],
    [{ fields: Array.from({ length: 220 }, (_, i) => `x-${i}`) }, 'HEADERS_TOO_LARGE'],
    [{ fields: ['Host', 'a/b'] }, 'BAD_HOST'],
    [{ target: '*', method: 'OPTIONS' }, 'BAD_TARGET'],
    [{ target: 'http://user@gateway.test/x' }, 'BAD_TARGET'],
    [{ target: 'ftp://gateway.test/x' }, 'BAD_TARGET'],
    [{ target: 'http://a b/x' }, 'BAD_HOST'],
    [{ fields: ['Upgrade', 'h2c, WebSocket'] }, 'NOT_SUPPORTED'],
    [{ fields: ['content-type', 'Application/gRPC+proto'] }, 'NOT_SUPPORTED'],
  ])('[R18] refuses %j', async (arrival, code) => {
    const { ctx, refusal } = open(await start(THREE), arrival)
    ctx.finish({ status: 400, bytesOut: 0 })
    expect(refusal?.code).toBe(code)
  })

  it('[R18] serves what only looks like an upgrade or gRPC', async () => {
    const gateway = await start(THREE)
    expect(await status(gateway, new ScriptedWire({ status: 200 }), { fields: ['Upgrade', 'h2c', 'Connection', 'Upgrade'] })).toBe(200)
    expect(await status(gateway, new ScriptedWire({ status: 200 }), { fields: ['content-type', 'application/grpc-web+proto'] })).toBe(200)
  })

  it('[R18] takes the host of an absolute target over the Host field', async () => {
    const gateway = await start(THREE, { routes: [{ path: '/*', host: 'a.test', upstream: 'up' }] })
    const wire = new ScriptedWire({ status: 200 })
    expect(await status(gateway, wire, { target: 'HTTP://A.test:80?x=1', fields: ['Host', 'other.test'] })).toBe(200)
    expect(wire.calls[0]!.head.target).toBe('/?x=1')
    expect(wire.calls[0]!.head.headers.values('host')).toEqual(['A.test:80'])
  })
})

describe('what a request speaks', () => {
  const WEBSOCKET = ['connection', 'Upgrade', 'upgrade', 'websocket']
  const GRPC = ['content-type', 'application/grpc+proto']
  const opened = (gateway: Parameters<typeof open>[0], arrival: Parameters<typeof open>[1]): [string, string | undefined] => {
    const { ctx, refusal } = open(gateway, arrival)
    ctx.finish({ status: 200, bytesOut: 0 })
    return [ctx.protocol, refusal?.code]
  }

  it('is a WebSocket or gRPC where the listener carries it, and refused HTTP where it does not', async () => {
    const gateway = await start(THREE)
    expect(opened(gateway, { fields: WEBSOCKET, carries: ['websocket'] })).toEqual(['websocket', undefined])
    expect(opened(gateway, { method: 'POST', fields: GRPC, carries: ['websocket', 'grpc'] })).toEqual(['grpc', undefined])
    expect(opened(gateway, { fields: WEBSOCKET, carries: ['grpc'] })).toEqual(['http', 'NOT_SUPPORTED'])
    expect(opened(gateway, { method: 'POST', fields: GRPC, carries: ['websocket'] })).toEqual(['http', 'NOT_SUPPORTED'])
  })

  it('[R1] is refused where a middleware of the route would be passed by, unless its plugin carries the protocol', async () => {
    const middleware = (_c: unknown, next: () => Promise<void>): Promise<void> => next()
    const arrival = { fields: WEBSOCKET, carries: ['websocket', 'grpc'] } as const
    const guarded = await start(THREE, { plugins: [plugin({ middleware })] })
    expect(opened(guarded, { ...arrival, fields: [...arrival.fields] })).toEqual(['websocket', 'NOT_SUPPORTED'])
    const carrying = await start(THREE, { plugins: [plugin({ middleware, carries: ['websocket'] })] })
    expect(opened(carrying, { ...arrival, fields: [...arrival.fields] })).toEqual(['websocket', undefined])
    expect(opened(carrying, { method: 'POST', fields: GRPC, carries: ['grpc'] })).toEqual(['grpc', 'NOT_SUPPORTED'])
  })
})

describe('a preflight', () => {
  const asking = (method: string): string[] => ['origin', 'https://shop.test', 'access-control-request-method', method]
  const routes = [
    { path: '/things', methods: ['PUT'], upstream: 'up' },
    { path: '/plain', upstream: 'up' },
  ]

  it('[R6] belongs to the route of the method it asks for; every other OPTIONS is a request', async () => {
    const seen: string[] = []
    const answering = plugin({ onPreflight: (ctx) => void seen.push(`${ctx.request.method} ${ctx.route.path}`) })
    const gateway = await start(THREE, { routes, plugins: [answering] })
    const route = (fields: string[], target = '/things'): [string, boolean] => {
      const { ctx } = open(gateway, { method: 'OPTIONS', target, fields })
      ctx.finish({ status: 204, bytesOut: 0 })
      return [ctx.route.path, ctx.isPreflight]
    }
    expect(route(asking('PUT'))).toEqual(['/things', true])
    expect(route(asking('DELETE'))).toEqual(['unmatched', false])
    expect(route(['origin', 'https://shop.test'])).toEqual(['unmatched', false])
    expect(route(['access-control-request-method', 'PUT'])).toEqual(['unmatched', false])
    expect(route(['origin', 'https://shop.test'], '/plain')).toEqual(['/plain', false])
  })

  it('[R6] is a request like any other where no plugin answers preflights', async () => {
    const gateway = await start(THREE, { routes })
    const { ctx, refusal } = open(gateway, { method: 'OPTIONS', target: '/things', fields: asking('PUT') })
    ctx.finish({ status: 405, bytesOut: 0 })
    expect([ctx.route.path, refusal?.code]).toEqual(['unmatched', 'METHOD_NOT_ALLOWED'])
  })
})
