import { describe, expect, it } from 'vitest'
import { EXTERNAL, ScriptedWire, send, startTo } from '../../test/support/scripted.ts'
import { requestId } from '@octopus-gateway/core/plugins'
import type { RequestIdOptions } from '@octopus-gateway/core/plugins'

const FRESH = /^[\da-f]{32}$/

/** The id upstream, the id of the answer, and the id of the context. */
async function ids(options: RequestIdOptions | undefined, fields: string[], trusted = false): Promise<(string | undefined)[]> {
  const gateway = await startTo(['http://10.0.0.1'], { plugins: [requestId(options)] })
  const header = options?.header?.toLowerCase() ?? 'x-request-id'
  const wire = new ScriptedWire({ status: 200, fields: [header, "the upstream's"] })
  const { ctx, answer } = await send(gateway, wire, { fields, peer: { ...EXTERNAL, trusted } })
  ctx.finish({ status: 200, bytesOut: 0 })
  return [wire.calls[0]!.head.headers.getAll(header), answer.head.headers.getAll(header), ctx.id]
}

describe('request ids', () => {
  it.each<[RequestIdOptions | undefined, boolean, boolean]>([
    [undefined, false, false],
    [undefined, true, true],
    [{ trustInbound: true }, false, true],
    [{ trustInbound: false }, true, false],
    [{ header: 'X-Correlation-Id' }, false, false],
    [{ header: 'X-Correlation-Id' }, true, true],
    [{ header: 'X-Correlation-Id', trustInbound: true }, false, true],
  ])('%o, from a trusted proxy %s: believed %s, the same everywhere', async (options, trusted, believed) => {
    const [up, down, own] = await ids(options, [options?.header ?? 'X-Request-Id', 'mine-1'], trusted)
    expect([up, down]).toEqual([own, own])
    if (believed) expect(own).toBe('mine-1')
    else expect(own).toMatch(FRESH)
  })

  it.each(['with space', 'x'.repeat(129), '<script>', ''])('what is no id is replaced: %s', async (id) => {
    const [up, down, own] = await ids({ trustInbound: true }, ['X-Request-Id', id])
    expect(own).toMatch(FRESH)
    expect([up, down]).toEqual([own, own])
  })

  it('[R13] a field of its own is not taken away by Connection, nor doubled by another spelling', async () => {
    const [up, , own] = await ids({ header: 'x-correlation-id' }, [
      'Connection',
      'x-correlation-id',
      'X_Correlation_Id',
      'forged',
      'x-correlation-id',
      'forged',
    ])
    expect(up).toBe(own)
  })

  it('is on refusals and on what matches nothing', async () => {
    const gateway = await startTo(['http://10.0.0.1'], { plugins: [requestId()], routes: [{ path: '/a', upstream: 'up' }] })
    const { ctx, answer } = await send(gateway, new ScriptedWire({ status: 200 }), { target: '/b' })
    expect([answer.head.status, answer.head.headers.getAll('x-request-id')]).toEqual([404, ctx.id])
    ctx.finish({ status: 404, bytesOut: 0 })
  })
})
