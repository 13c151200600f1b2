import { describe, expect, it } from 'vitest'
import { finish, open, ScriptedWire, send, startTo as start, statusOf as status } from '../../test/support/scripted.ts'

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
