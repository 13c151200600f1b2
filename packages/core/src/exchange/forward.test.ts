import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { gatewayTo, open } from '../../test/support/scripted.ts'
import { outgoingHead, responseHead } from './forward.ts'
import { HeaderList } from '../headers.ts'
import type { Arrival } from '../../test/support/scripted.ts'
import type { Peer } from './client.ts'

const gateway = await gatewayTo(['http://10.0.0.1:8080'], { trustedProxies: ['10.0.0.0/8'] })
afterAll(() => gateway[Symbol.asyncDispose]())

const ENDPOINT = { id: 'e', origin: 'http://10.0.0.1:8080', weight: 1, labels: {} }
const PROXY: Peer = { ip: '10.9.9.9', secure: false, trusted: true }

function outgoing(arrival: Arrival): HeaderList {
  const { ctx } = open(gateway, arrival)
  const head = outgoingHead(ctx, ENDPOINT)
  ctx.finish({ status: 200, bytesOut: 0 })
  return head.headers
}

const answered = (status: number, ...fields: string[]): HeaderList => responseHead({ status, headers: new HeaderList(fields) }).headers

describe('the head towards the upstream', () => {
  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'HTTP2-Settings',
  ])('[R14] %s stays on its hop', (name) => {
    expect(outgoing({ fields: [name, 'x'] }).has(name.toLowerCase())).toBe(false)
  })

  it('[R14] fields that Connection names stay on their hop, whatever their letter case', () => {
    const headers = outgoing({ fields: ['X-Hop', '1', 'x-end', '2', 'CONNECTION', 'keep-alive, x-HOP'] })
    expect(headers.has('x-hop')).toBe(false)
    expect(headers.get('x-end')).toBe('2')
  })

  it("[R26] a field that a CGI or WSGI server would take for one of the gateway's does not come in, not even through a trusted proxy", () => {
    const fields = [
      'X_Forwarded_For',
      '203.0.113.66',
      'x-forwarded_proto',
      'https',
      'X_Real_IP',
      '203.0.113.66',
      'X_Request_Id',
      'evil',
      'X_Own_Field',
      'kept',
    ]
    for (const peer of [PROXY, undefined]) {
      const headers = outgoing({ fields, ...(peer === undefined ? {} : { peer }) })
      expect(headers.flat.join(' ')).not.toMatch(/203\.0\.113\.66|evil|x-forwarded_proto/i)
      expect(headers.get('x_own_field')).toBe('kept')
    }
  })

  it.each([
    'X-Forwarded-For',
    'x-forwarded-for',
    'X-FORWARDED-FOR',
    'x-Forwarded-Proto, X-forwarded-Host, via, forwarded, x-request-id',
    'close, X-Forwarded-For',
  ])('[R13] "Connection: %s" removes nothing that the gateway sets or trusts', (connection) => {
    const headers = outgoing({
      fields: ['Connection', connection, 'X-Forwarded-For', '203.0.113.1', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'a.test'],
      peer: PROXY,
    })
    expect(headers.values('x-forwarded-for')).toEqual(['203.0.113.1, 10.9.9.9'])
    expect(headers.values('x-forwarded-proto')).toEqual(['https'])
    expect(headers.values('x-forwarded-host')).toEqual(['a.test'])
    for (const name of ['forwarded', 'via', 'x-request-id']) expect(headers.values(name)).toHaveLength(1)
  })

  it.each(['authorization', 'cookie', 'content-length', 'content-type', 'traceparent'])(
    '[R13] "Connection: %s" does not hide it from the upstream',
    (name) => {
      expect(outgoing({ fields: ['connection', name.toUpperCase(), name, '7'] }).get(name)).toBe('7')
    },
  )

  it('[R26] replaces the forwarding fields of a peer that nobody trusts', () => {
    const fields = [
      'X-Forwarded-For',
      '1.1.1.1',
      'x-forwarded-host',
      'evil',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Prefix',
      '/x',
      'X-Forwarded-User',
      'root',
      'Forwarded',
      'for=1.1.1.1',
      'X-Real-IP',
      '1.1.1.1',
      'X-Request-Id',
      'mine',
    ]
    const headers = outgoing({ fields })
    expect(headers.values('x-forwarded-for')).toEqual(['198.51.100.7'])
    expect(headers.values('x-forwarded-host')).toEqual(['gateway.test'])
    expect(headers.values('x-forwarded-proto')).toEqual(['http'])
    expect(headers.values('forwarded')).toEqual(['for=198.51.100.7;host=gateway.test;proto=http'])
    for (const name of ['x-forwarded-prefix', 'x-forwarded-user', 'x-real-ip']) expect(headers.has(name)).toBe(false)
    expect(headers.values('x-request-id')).not.toEqual(['mine'])
  })

  it('[R26] extends the forwarding fields of a trusted proxy', () => {
    const fields = [
      'X-Forwarded-For',
      '203.0.113.1',
      'X-Forwarded-For',
      '10.8.8.8',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Port',
      '8443',
      'X-Forwarded-Prefix',
      '/x',
      'Forwarded',
      'for=203.0.113.1',
      'X-Request-Id',
      'abc-1',
    ]
    const headers = outgoing({ fields, peer: PROXY })
    expect(headers.values('x-forwarded-for')).toEqual(['203.0.113.1, 10.8.8.8, 10.9.9.9'])
    expect(headers.values('x-forwarded-proto')).toEqual(['https'])
    expect(headers.values('x-forwarded-port')).toEqual(['8443'])
    expect(headers.values('x-forwarded-prefix')).toEqual(['/x'])
    expect(headers.values('forwarded')).toEqual(['for=203.0.113.1, for=10.9.9.9;host=gateway.test;proto=http'])
    expect(headers.values('x-request-id')).toEqual(['abc-1'])
  })

  it('[R26] tells the scheme and quotes an IPv6 client', () => {
    const headers = outgoing({ peer: { ip: '2001:db8::1', secure: true, trusted: false }, fields: ['Host', 'gateway.test:8443'] })
    expect(headers.get('x-forwarded-proto')).toBe('https')
    expect(headers.get('x-forwarded-host')).toBe('gateway.test:8443')
    expect(headers.get('forwarded')).toBe('for="[2001:db8::1]";host="gateway.test:8443";proto=https')
  })

  it('[R22] drops what the client library would throw on', () => {
    const headers = outgoing({
      fields: [
        'Expect',
        '100-continue',
        'Transfer-Encoding',
        'chunked',
        'keep-alive',
        '5',
        'Upgrade',
        'h2c',
        'x-original-url',
        '/admin',
        'X-Rewrite-URL',
        '/admin',
      ],
    })
    for (const name of ['expect', 'transfer-encoding', 'keep-alive', 'upgrade', 'x-original-url', 'x-rewrite-url'])
      expect(headers.has(name)).toBe(false)
    expect(headers.values('host')).toEqual(['gateway.test'])
  })

  it('[R22] refuses a second Host with 400', () => {
    const { ctx, refusal } = open(gateway, { fields: ['Host', 'a.test', 'host', 'a.test'] })
    ctx.finish({ status: 400, bytesOut: 0 })
    expect(refusal!.code).toBe('BAD_HOST')
  })

  it('extends Via and keeps traceparent and repeated fields', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = outgoing({ fields: ['Via', '1.0 a', 'via', '1.1 b', 'traceparent', traceparent, 'X-A', '1', 'X-A', '2'] })
    expect(headers.values('via')).toEqual(['1.0 a, 1.1 b, 1.1 octopus'])
    expect(headers.get('traceparent')).toBe(traceparent)
    expect(headers.values('x-a')).toEqual(['1', '2'])
  })

  it('does not change the head as received', () => {
    const { ctx } = open(gateway, { fields: ['Connection', 'close', 'x-a', '1'] })
    const before = [...ctx.request.headers.flat]
    outgoingHead(ctx, ENDPOINT)
    expect(ctx.request.headers.flat).toEqual(before)
    ctx.finish({ status: 200, bytesOut: 0 })
  })

  it('property: for any set of fields, each one that the gateway owns is there exactly once and no hop-by-hop field is', () => {
    const name = fc.constantFrom(
      'Host',
      'X-Forwarded-For',
      'x-forwarded-proto',
      'VIA',
      'Forwarded',
      'X-Request-ID',
      'TE',
      'Connection',
      'expect',
      'Transfer-Encoding',
      'X-A',
      'Upgrade',
      'accept',
    )
    const value = fc.constantFrom('x-a', 'close, via', 'X-Forwarded-For', '1.1.1.1', 'h2c', 'host')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), fc.boolean(), (pairs, isTrusted) => {
        const fields = pairs.filter(([key]) => key !== 'Host').flat()
        const headers = outgoing({ fields, peer: isTrusted ? PROXY : { ...PROXY, trusted: false } })
        for (const own of ['host', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'via', 'forwarded', 'x-request-id'])
          expect(headers.values(own)).toHaveLength(1)
        for (const hop of ['connection', 'te', 'expect', 'transfer-encoding', 'upgrade']) expect(headers.has(hop)).toBe(false)
        if (!isTrusted) expect(headers.get('x-forwarded-for')).toBe('10.9.9.9')
      }),
    )
  })
})

describe('the head towards the client', () => {
  it('[R14] loses hop-by-hop fields and those that Connection names', () => {
    const headers = answered(
      200,
      'Connection',
      'X-Hop',
      'x-hop',
      '1',
      'Keep-Alive',
      'timeout=5',
      'Transfer-Encoding',
      'chunked',
      'Trailer',
      'x',
      'Upgrade',
      'h2c',
      'Proxy-Connection',
      'close',
      'X-End',
      '2',
    )
    expect(headers.flat).toEqual(['X-End', '2', 'via', '1.1 octopus'])
  })

  it('keeps every set-cookie and extends Via', () => {
    const headers = answered(200, 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'Via', '1.1 nginx')
    expect(headers.values('set-cookie')).toEqual(['a=1', 'b=2'])
    expect(headers.values('via')).toEqual(['1.1 nginx, 1.1 octopus'])
  })

  it('[R30] a 204 has no length, a 304 keeps the one of the resource', () => {
    expect(answered(204, 'content-length', '0', 'x-a', '1').has('content-length')).toBe(false)
    expect(answered(304, 'content-length', '10', 'transfer-encoding', 'chunked').flat).toEqual([
      'content-length',
      '10',
      'via',
      '1.1 octopus',
    ])
  })

  it.each([101, 199, 600, 999])('refuses status %d of an upstream', (status) => {
    expect(() => answered(status)).toThrow(expect.objectContaining({ code: 'UPSTREAM_PROTOCOL' }))
  })
})
