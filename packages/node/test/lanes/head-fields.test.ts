import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { garbage, interimFirst, respondWith } from '@octopus-gateway/testing'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import type { RecordedRequest } from '@octopus-gateway/testing'

const OWN_CLIENT_SAYS = 'the client of the test may not send connection fields in process'

function values(request: RecordedRequest, name: string): string[] {
  return request.rawHeaders.flatMap((text, i, all) => (i % 2 === 0 && text.toLowerCase() === name ? [all[i + 1]!] : []))
}

describeLanes('fields', (lane) => {
  test('[R14] fields of one hop do not come back to the client', async () => {
    const up = await rawOrigin(
      respondWith(
        'HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: secret\r\nKeep-Alive: timeout=77\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTrailer: x-end\r\nX-Stays: yes\r\nContent-Length: 2\r\n\r\nok',
      ),
    )
    const { send } = await lane.start(to(up))
    const answer = await send({})
    expect([answer.status, answer.text, answer.header('x-stays')]).toEqual([200, 'ok', 'yes'])
    for (const name of ['x-hop', 'proxy-connection', 'upgrade', 'trailer']) expect(answer.header(name), name).toBeUndefined()
    expect(answer.header('keep-alive') ?? '').not.toContain('77')
  })

  test('[R14] a chunked answer arrives without its coding showing in the fields', async () => {
    const up = await rawOrigin(respondWith('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'))
    const { send } = await lane.start(to(up))
    const answer = await send({})
    expect(answer.text).toBe('abcde')
    expect(answer.values('transfer-encoding').length).toBeLessThanOrEqual(1)
  })

  test('[R26] forwarding fields from an untrusted client are replaced', async () => {
    const up = await service()
    const { send } = await lane.start(to(up))
    await send({
      headers: [
        ['x-forwarded-for', '6.6.6.6'],
        ['x-forwarded-proto', 'https'],
        ['x-forwarded-host', 'evil.example'],
        ['x-forwarded-port', '6666'],
        ['x-forwarded-prefix', '/evil'],
        ['forwarded', 'for=6.6.6.6;proto=https'],
        ['x-real-ip', '6.6.6.6'],
        ['x-original-url', '/admin'],
        ['x-rewrite-url', '/admin'],
      ],
    })
    const request = up.requests[0]!
    expect(JSON.stringify(request.rawHeaders)).not.toMatch(/6\.6\.6\.6|evil|6666|admin/)
    expect(values(request, 'x-forwarded-proto')).toEqual(['http'])
    expect(values(request, 'x-forwarded-host')).toHaveLength(1)
    if (lane.isNode) {
      expect(values(request, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(values(request, 'forwarded')).toEqual([expect.stringMatching(/^for=127\.0\.0\.1;host="127\.0\.0\.1:\d+";proto=http$/)])
    } else expect(request.header('x-forwarded-for')).toBeUndefined()
  })

  test('Host is kept, or rewritten where the upstream asks for it', async () => {
    const up = await service()
    const kept = await lane.start(to(up))
    await kept.send({})
    const rewritten = await lane.start({ ...to(up), upstreams: { up: { endpoints: [up.origin], host: 'upstream' } } })
    await rewritten.send({})
    const client = lane.isNode ? `127.0.0.1:${kept.server!.port}` : 'gateway.test'
    expect(up.requests[0]!.header('x-forwarded-host')).toBe(client)
    // fetch takes Host from the address it connects to: differences.ts.
    expect(up.requests[0]!.header('host')).toBe(lane.isNode ? client : up.origin.slice('http://'.length))
    expect(up.requests[1]!.header('host')).toBe(up.origin.slice('http://'.length))
    expect(values(up.requests[1]!, 'host')).toHaveLength(1)
  })

  test('Via is added both ways, behind those that are there', async () => {
    const up = await service((_request, response) => void response.writeHead(200, { via: '1.1 inner' }).end('ok'))
    const { send } = await lane.start(to(up))
    const answer = await send({ headers: [['via', '1.1 outer']] })
    expect(answer.header('via')).toBe('1.1 inner, 1.1 octopus')
    expect(up.requests[0]!.header('via')).toBe('1.1 outer, 1.1 octopus')
  })

  test('a request id is made, sent upstream, and told with a failure; an untrusted one is not believed', async () => {
    const up = await service()
    const { send } = await lane.start(to(up))
    await send({ headers: [['x-request-id', 'mine-1']] })
    expect(up.requests[0]!.header('x-request-id')).toMatch(/^[\da-f]{32}$/)
    expect(values(up.requests[0]!, 'x-request-id')).toHaveLength(1)
    await up.close()
    const failed = await send({ headers: [['x-request-id', 'mine-2']] })
    expect(failed.header('x-request-id')).toMatch(/^[\da-f]{32}$/)
    expect(failed.json()['request_id']).toBe(failed.header('x-request-id'))
  })

  test('traceparent and tracestate pass', async () => {
    const up = await service()
    const { send } = await lane.start(to(up))
    await send({
      headers: [
        ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
        ['tracestate', 'vendor=1'],
      ],
    })
    expect(up.requests[0]!.header('traceparent')).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
    expect(up.requests[0]!.header('tracestate')).toBe('vendor=1')
  })

  test('[R8] a failure shows code and id, and nothing of the inside', async () => {
    const up = await rawOrigin(garbage())
    const { send } = await lane.start({ ...to(up), routing: { retries: 0 } })
    const answer = await send({})
    expect([answer.status, answer.header('content-type'), answer.header('cache-control')]).toEqual([
      502,
      'application/problem+json',
      'no-store',
    ])
    expect(Object.keys(answer.json()).toSorted()).toEqual(['code', 'request_id', 'status', 'title', 'type'])
    expect(answer.text).not.toMatch(/127\.0\.0\.1|HPE|undici|at |Error:/)
    expect(answer.text).not.toContain(String(up.port))
  })

  test('[R30] interim answers are not the answer', async () => {
    const up = await rawOrigin(interimFirst({ statuses: [103, 103, 102] }))
    const { send } = await lane.start(to(up))
    const answer = await send({})
    expect([answer.status, answer.text, answer.header('link')]).toEqual([200, 'ok', undefined])
  })

  test('application/grpc is refused where it cannot be carried, other content types pass', async () => {
    const up = await service()
    const { send, sendAlone } = await lane.start(to(up))
    for (const type of ['application/grpc', 'application/grpc+proto', 'Application/gRPC; x=1']) {
      // The head lane carries it over HTTP/2; a Hono middleware that does not say so would let it pass unseen.
      if (lane.name === 'h2') break
      const answer = await sendAlone(
        { method: 'POST', headers: [['content-type', type]], body: 'x' },
        'gRPC tells its failures in its own way',
      )
      if (lane.isHttp2) expect([type, answer.status, answer.header('grpc-status'), answer.text]).toEqual([type, 200, '12', ''])
      else expect([type, answer.status, answer.json()['code']]).toEqual([type, 501, 'NOT_SUPPORTED'])
    }
    expect(up.count).toBe(0)
    expect((await send({ method: 'POST', headers: [['content-type', 'application/grpc-web']], body: 'x' })).status).toBe(200)
  })
})

describeLanes(
  'fields of a connection',
  (lane) => {
    test('[R14] fields of one hop do not reach the upstream', async () => {
      const up = await service()
      const { send } = await lane.start(to(up))
      await send({
        headers: [
          ['connection', 'keep-alive, X-Hop, x-other'],
          ['x-hop', '1'],
          ['X-Other', '1'],
          ['keep-alive', 'timeout=5'],
          ['proxy-connection', 'keep-alive'],
          ['proxy-authorization', 'Basic c2VjcmV0'],
          ['te', 'trailers, deflate'],
          ['trailer', 'x-end'],
          ['x-stays', '1'],
        ],
        method: 'POST',
        body: (async function* () {
          yield Buffer.from('a body with trailers announced')
        })(),
      })
      const request = up.requests[0]!
      for (const name of ['x-hop', 'x-other', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer'])
        expect(request.header(name), name).toBeUndefined()
      expect(request.header('x-stays')).toBe('1')
    })

    test.each([
      'X-Forwarded-For',
      'x-FORWARDED-host',
      'Forwarded',
      'Host',
      'Via',
      'X-Request-Id',
      'Traceparent',
      'Authorization',
      'Content-Length',
    ])('[R13] Connection: %s removes nothing', async (nominated) => {
      const up = await service()
      const { send } = await lane.start(to(up))
      const answer = await send({
        method: 'POST',
        headers: [
          ['connection', `keep-alive, ${nominated}`],
          ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
          ['authorization', 'Bearer x'],
        ],
        body: 'body',
      })
      expect(answer.status).toBe(200)
      expect(up.requests[0]!.header(nominated.toLowerCase())).toBeTruthy()
      expect(up.requests[0]!.body).toBe('body')
    })

    test.each([
      ['expect', '100-continue'],
      ['upgrade', 'h2c'],
      ['keep-alive', 'timeout=5'],
      ['te', 'gzip'],
    ])('[R22] %s: %s is no failure and not forwarded', async (name, value) => {
      const up = await service()
      const { send } = await lane.start(to(up))
      const answer = await send({
        method: 'PUT',
        headers: [[name, value], ...(name === 'upgrade' ? ([['connection', 'Upgrade']] as const) : [])],
        body: 'body',
      })
      expect(answer.status).toBe(200)
      expect(up.requests[0]!.header(name)).toBeUndefined()
      expect(up.requests[0]!.body).toBe('body')
    })

    test('[R7] [R26] a trusted proxy is believed: chain, scheme, host and request id', async () => {
      const up = await service()
      const { send } = await lane.start({ ...to(up), trustedProxies: ['127.0.0.0/8'] })
      await send({
        headers: [
          ['x-forwarded-for', '203.0.113.9, 127.0.0.3'],
          ['x-forwarded-proto', 'https'],
          ['x-forwarded-host', 'shop.example:8443'],
          ['x-forwarded-port', '8443'],
          ['x-request-id', 'edge-77'],
        ],
      })
      const request = up.requests[0]!
      expect(values(request, 'x-forwarded-for')).toEqual(['203.0.113.9, 127.0.0.3, 127.0.0.1'])
      expect(values(request, 'x-forwarded-proto')).toEqual(['https'])
      expect(values(request, 'x-forwarded-host')).toEqual(['shop.example:8443'])
      expect(values(request, 'x-forwarded-port')).toEqual(['8443'])
      expect(request.header('x-request-id')).toBe('edge-77')
    })

    test.each([
      ['nobody is trusted', [], '203.0.113.9', '127.0.0.1'],
      ['the address before the first trusted one', ['127.0.0.1'], '198.51.100.1, 203.0.113.9', '203.0.113.9'],
      ['a chain that cannot be read', ['127.0.0.1'], '203.0.113.9, not-an-address', '127.0.0.1'],
    ])('[R7] the client that plugins see: %s', async (_title, trustedProxies, chain, expected) => {
      const up = await service()
      const ips: string[] = []
      const seeing = {
        name: 'seeing',
        version: '1.0.0',
        identity: { name: 'seeing', version: '1.0.0', config: null },
        setup: () => ({ onRequest: (ctx: { client: { ip: string } }) => void ips.push(ctx.client.ip) }),
      }
      const { send } = await lane.start({ ...to(up), trustedProxies, plugins: [seeing] })
      await send({ headers: [['x-forwarded-for', chain]] })
      expect(ips).toEqual([expected])
    })
  },
  { only: ['head', 'web'], because: OWN_CLIENT_SAYS },
)
