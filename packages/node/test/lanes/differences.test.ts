import { compression } from '@octopus-gateway/core/plugins'
import { FRAME_TYPES, frame, headerBlock, rawHttp2, rawRequest, resetMidBody, statusOf } from '@octopus-gateway/testing'
import { connect, constants } from 'node:http2'
import { describeLanes } from './support/describe-lanes.ts'
import { DIFFERENCES, page } from './differences.ts'
import { expect, onTestFinished, test } from 'vitest'
import { once } from 'node:events'
import { extendedConnect, http2Client } from '../upgrade/support/http2-client.ts'
import { fullBacklog } from './support/full-backlog.ts'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { handshake } from '../upgrade/support/raw.ts'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { webSocketService } from '../upgrade/support/peers.ts'
import { whole } from './support/client.ts'
import type { Lane } from './support/describe-lanes.ts'

/** Younger versions of Node have it. */
function hasBrotli(): boolean {
  try {
    void new CompressionStream('brotli' as never)
    return true
  } catch {
    return false
  }
}

const PSEUDO = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.test'],
] as const

const DIFFERS = 'this is a known difference'

/** One proof for each difference, by its id. */
const PROOFS: Readonly<Record<string, (lane: Lane) => Promise<void>>> = {
  async 'content-coding'(lane) {
    const zipped = gzipSync('octopus '.repeat(50))
    const up = await service(
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': zipped.length }).end(zipped),
    )
    const { sendAlone } = await lane.start(to(up))
    const answer = await sendAlone({ headers: [['accept-encoding', 'gzip']] }, DIFFERS)
    const fields = [answer.header('content-encoding'), answer.header('content-length')]
    if (lane.isNode) expect([fields, answer.body.equals(zipped)]).toEqual([['gzip', String(zipped.length)], true])
    else expect([fields, answer.text]).toEqual([[undefined, undefined], 'octopus '.repeat(50)])
  },
  async compression(lane) {
    const text = 'octopus '.repeat(500)
    const up = await service((request, response) => {
      const length = request.url === '/whole' ? { 'content-length': text.length } : {}
      response.writeHead(200, { 'content-type': 'text/plain', ...length }).end(text)
    })
    const { sendAlone } = await lane.start({ ...to(up), plugins: [compression()] })
    const codings: unknown[] = []
    for (const path of ['/whole', '/stream'])
      codings.push((await sendAlone({ path, headers: [['accept-encoding', 'br, gzip']] }, DIFFERS)).header('content-encoding'))
    const whole = lane.isNode || hasBrotli() ? 'br' : 'gzip'
    expect(codings).toEqual(lane.isNode ? ['br', 'br'] : [whole, undefined])
  },
  async 'own-fields'(lane) {
    const up = await service()
    const { sendAlone } = await lane.start(to(up))
    await sendAlone({}, DIFFERS)
    const added = ['accept', 'accept-encoding', 'accept-language', 'user-agent'].filter(
      (name) => up.requests[0]!.header(name) !== undefined,
    )
    if (lane.isNode) expect(added).toEqual([])
    else expect(added).not.toEqual([])
  },
  async host(lane) {
    const up = await service()
    const { sendAlone } = await lane.start(to(up))
    await sendAlone({ headers: lane.isNode ? [['host', 'shop.example']] : [] }, DIFFERS)
    expect(up.requests[0]!.header('host')).toBe(lane.isNode ? 'shop.example' : up.origin.slice('http://'.length))
    expect(up.requests[0]!.header('x-forwarded-host')).toBe(lane.isNode ? 'shop.example' : 'gateway.test')
  },
  async 'body-with-get'(lane) {
    const up = await service()
    const { open } = await lane.start(to(up))
    const answering = open({ method: 'GET', body: 'payload' })
    if (lane.isNode) expect((await whole(await answering)).json()).toMatchObject({ method: 'GET', body: 'payload' })
    else await expect(answering).rejects.toThrow(TypeError)
  },
  async trace(lane) {
    const up = await service()
    const { open } = await lane.start(to(up))
    const answering = open({ method: 'TRACE' })
    if (lane.isNode) expect((await whole(await answering)).json()).toMatchObject({ method: 'TRACE' })
    else await expect(answering).rejects.toThrow(TypeError)
  },
  async 'dot-segments'(lane) {
    const up = await service()
    const { server, sendAlone } = await lane.start(to(up))
    const seen: unknown[] = []
    for (const path of ['/a/../b', '/a/%2e%2e/b', '/a\\b']) {
      if (server === undefined) seen.push((await sendAlone({ path }, DIFFERS)).json()['url'])
      else if (lane.isHttp2) seen.push((await sendAlone({ path }, DIFFERS)).status)
      else seen.push((await rawRequest(server.port, `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)).response.status)
    }
    expect(seen).toEqual(lane.isNode ? [400, 400, 400] : ['/b', '/b', '/a/b'])
  },
  async 'client-address'(lane) {
    const up = await service()
    const { sendAlone } = await lane.start({ ...to(up), trustedProxies: ['0.0.0.0/0'] })
    await sendAlone({ headers: [['x-forwarded-for', '203.0.113.9']] }, DIFFERS)
    expect(up.requests[0]!.header('x-forwarded-for')).toBe(lane.isNode ? '203.0.113.9, 127.0.0.1' : undefined)
    expect(up.requests[0]!.header('forwarded') !== undefined).toBe(lane.isNode)
  },
  async framing(lane) {
    const up = await service()
    const { sendAlone } = await lane.start(to(up))
    await sendAlone({ method: 'POST', body: 'four' }, DIFFERS)
    expect([up.requests[0]!.header('content-length'), up.requests[0]!.header('transfer-encoding')]).toEqual(
      lane.isNode ? ['4', undefined] : [undefined, 'chunked'],
    )
  },
  async 'repeated-fields'(lane) {
    const up = await service((_request, response) => void response.writeHead(200, ['vary', 'a', 'vary', 'b']).end())
    const { sendAlone } = await lane.start(to(up))
    expect((await sendAlone({}, DIFFERS)).values('vary')).toEqual(lane.isWeb ? ['a, b'] : ['a', 'b'])
  },
  async 'cut-body'(lane) {
    const broken = await rawOrigin(resetMidBody())
    const { open, server } = await lane.start(to(broken))
    await expect(whole(await open({}))).rejects.toThrow(lane.isHttp2 ? 'NGHTTP2_INTERNAL_ERROR' : /./)
    if (server === undefined || lane.isHttp2) return
    const exchange = await rawRequest(server.port, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', { responses: Infinity })
    expect([exchange.responses.length, exchange.ended === 'timeout']).toEqual([0, false])
  },
  async 'early-answer'(lane) {
    const up = await service()
    const { server, sendAlone } = await lane.start({ ...to(up), routes: [] })
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 1000; i++) {
        yield Buffer.from('piece')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    // A `Request` that is not read is not sent either.
    if (server === undefined) expect((await sendAlone({ method: 'POST', body: 'x' }, DIFFERS)).status).toBe(404)
    else if (lane.isHttp2) {
      const session = connect(server.url)
      onTestFinished(() => session.destroy())
      const stream = session.request({ ':method': 'POST', ':path': '/' })
      stream.write('a piece')
      stream.resume()
      await once(stream, 'close')
      expect([stream.rstCode, session.closed, session.destroyed]).toEqual([constants.NGHTTP2_NO_ERROR, false, false])
    } else expect((await sendAlone({ method: 'POST', body: endless() }, DIFFERS)).header('connection')).toBe('close')
  },
  async grpc(lane) {
    const up = await service()
    const { sendAlone } = await lane.start({ ...to(up), upstreams: { up: [] } })
    const headers: [string, string][] = [['content-type', 'application/grpc']]
    const answer = await sendAlone({ method: 'POST', headers, body: 'x' }, DIFFERS)
    // 14: it was carried as far as there was an upstream.
    if (lane.isHttp2) expect([answer.status, answer.header('grpc-status')]).toEqual([200, lane.isWeb ? '12' : '14'])
    else expect(answer.status).toBe(501)
  },
  async 'invalid-field'(lane) {
    const up = await service()
    const { open, server } = await lane.start(to(up))
    if (server === undefined) await expect(open({ headers: [['x-bad', 'a\u0000b']] })).rejects.toThrow(TypeError)
    else if (lane.isHttp2) {
      using raw = rawHttp2(server.port)
      const fields = [...PSEUDO, ['x-bad', 'a\u0000b'], ['x-good', '1']] as const
      raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 1, payload: headerBlock(fields) }))
      expect(statusOf((await raw.frame('headers', 1)).payload)).toBe(200)
      expect(['x-bad', 'x-good'].map((name) => up.requests[0]!.header(name))).toEqual([undefined, '1'])
    } else expect((await rawRequest(server.port, 'GET / HTTP/1.1\r\nHost: a.test\r\nx-bad: a\u0000b\r\n\r\n')).response.status).toBe(400)
  },
  async websocket(lane) {
    const up = await webSocketService()
    const { open, server } = await lane.start(to(up))
    const status = async (): Promise<unknown> => {
      if (server === undefined) return (await open({ headers: [['upgrade', 'websocket']] })).status
      if (!lane.isHttp2) return (await rawRequest(server.port, handshake())).response.status
      return (await extendedConnect(await http2Client(server.url))).headers[':status']
    }
    expect(await status()).toBe(lane.isWeb || !lane.isNode ? 501 : lane.isHttp2 ? 200 : 101)
    expect(up.handshakes).toHaveLength(lane.isWeb || !lane.isNode ? 0 : 1)
  },
  async 'connect-timeout'(lane) {
    const { sendAlone } = await lane.start({
      ...to(await fullBacklog()),
      routing: { connectTimeout: '200ms', timeout: '2500ms', retries: 0 },
    })
    const answer = await sendAlone({}, DIFFERS)
    expect([answer.status, answer.json()['code']]).toEqual(lane.isNode ? [502, 'UPSTREAM_CONNECT'] : [504, 'UPSTREAM_TIMEOUT'])
  },
}

describeLanes('differences', (lane) => {
  test.each(DIFFERENCES.map(({ id }) => id))('%s', async (id) => {
    const proof = PROOFS[id]
    expect(proof, `a proof of ${id}`).toBeDefined()
    await proof!(lane)
  })
})

test('docs/lanes.md is made from the list; write it anew with -u', async () => {
  await expect(page()).toMatchFileSnapshot(fileURLToPath(new URL('../../../../docs/lanes.md', import.meta.url)))
})

test('every proof belongs to a difference', () => {
  expect(Object.keys(PROOFS).toSorted()).toEqual(DIFFERENCES.map(({ id }) => id).toSorted())
})
