import { answerOf, ask, session } from './support/client.ts'
import { connect as connectTcp } from 'node:net'
import { constants } from 'node:http2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FRAME_TYPES, frame, headerBlock, PREFACE, rawHttp2, rawRequest, statusOf, waitFor } from '@octopus-gateway/testing'
import { gauge, running, webLane } from '../support/running.ts'
import { once } from 'node:events'
import { service, to } from '../support/upstreams.ts'
import type { OutgoingHttpHeaders } from 'node:http2'

const PSEUDO = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.test'],
] as const

/** Everything here holds on both lanes. */
describe.each([
  ['head', []],
  ['web', webLane()],
] as const)('requests over HTTP/2, %s lane', (_lane, plugins) => {
  test('method, target, host and fields arrive; crumbs of cookies are one field; values repeat', async () => {
    const up = await service()
    const { port } = await running({ ...to(up), plugins })
    const fields: OutgoingHttpHeaders = { ':method': 'PUT', ':path': '/a%20b?c=d', ':authority': 'shop.test:81', 'x-one': ['1', '2'] }
    const answer = await ask(session(port), { ...fields, cookie: ['a=1', 'b=2', 'c=3'], te: 'trailers' }, 'hello')
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ method: 'PUT', url: '/a%20b?c=d', body: 'hello' })
    const { rawHeaders, header } = up.requests[0]!
    expect([header('host'), header('cookie'), header('te')]).toEqual(['shop.test:81', 'a=1; b=2; c=3', undefined])
    expect(rawHeaders.filter((_field, i) => rawHeaders[i - 1] === 'x-one')).toEqual(['1', '2'])
  })

  test('the host may come as a field, and once more as it is', async () => {
    const up = await service()
    const { port } = await running({ ...to(up), plugins })
    const cases: [stream: number, fields: (readonly [string, string])[]][] = [
      [1, [...PSEUDO.slice(0, 3), ['host', 'b.test']]],
      [3, [...PSEUDO, ['host', 'A.test']]],
    ]
    for (const [stream, fields] of cases) {
      using raw = rawHttp2(port)
      raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream, payload: headerBlock(fields) }))
      expect(statusOf((await raw.frame('headers', stream)).payload)).toBe(200)
    }
    expect(up.requests.map((request) => request.header('host'))).toEqual(['b.test', 'a.test'])
  })

  test('a whole answer without a body is one frame; HEAD keeps its length', async () => {
    const up = await service((request, response) => {
      response.writeHead(request.url === '/none' ? 204 : 200, request.url === '/none' ? {} : { 'content-length': '5', 'x-a': ['1', '2'] })
      response.end('hello')
    })
    const { port } = await running({ ...to(up), plugins })
    const client = session(port)
    const none = await ask(client, { ':path': '/none' })
    expect([none.status, none.isTrailersOnly, none.body]).toEqual([204, true, ''])
    const head = await ask(client, { ':method': 'HEAD' })
    expect([head.status, head.isTrailersOnly, head.header('content-length'), head.body]).toEqual([200, true, '5', ''])
    expect((await ask(client)).body).toBe('hello')
    expect(up.requests.map((request) => request.method)).toEqual(['GET', 'HEAD', 'GET'])
  })

  test('fields of a connection never reach the client; repeated ones stay apart or are joined', async () => {
    const up = await service((_request, response) => {
      const fields = [
        'connection',
        'x-hop, close',
        'x-hop',
        '1',
        'keep-alive',
        'timeout=9',
        'set-cookie',
        'a=1',
        'set-cookie',
        'b=2',
        'age',
        '1',
        'age',
        '2',
      ]
      response.writeHead(200, fields).end('x')
    })
    const { port } = await running({ ...to(up), plugins })
    const answer = await ask(session(port))
    const names = answer.head.filter((_field, i) => i % 2 === 0)
    expect(names.filter((name) => ['connection', 'x-hop', 'keep-alive', 'transfer-encoding'].includes(name))).toEqual([])
    expect(answer.head.filter((_field, i) => answer.head[i - 1] === 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(answer.header('age')).toBe('1, 2')
  })

  test('trailers reach a client that takes them, filtered; nobody else gets them', async () => {
    const up = await service((_request, response) => {
      response.writeHead(200, { trailer: 'x-sum, set-cookie' })
      response.write('body')
      response.addTrailers({ 'x-sum': '7', 'set-cookie': 'a=1' })
      response.end()
    })
    const { port } = await running({ ...to(up), plugins })
    const client = session(port)
    const taken = await ask(client, { te: 'trailers' })
    expect([taken.body, taken.trailers, taken.rstCode]).toEqual(['body', ['x-sum', '7'], 0])
    expect((await ask(client)).trailers).toEqual([])
    const http1 = await rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n')
    expect(http1.text).toMatch(/x-sum: 7\r\n\r\n$/)
    expect((await rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).text).not.toContain('x-sum: 7')
  })

  test('[R30] 103 is passed through, with its links only, over both versions and not to HTTP/1.0', async () => {
    const up = await service((_request, response) => {
      response.writeEarlyHints({ link: ['</a.css>; rel=preload; as=style', '</b.js>; rel=preload'], 'set-cookie': 'a=1' } as never)
      setTimeout(() => response.end('done'), 20)
    })
    const { port } = await running({ ...to(up), plugins })
    const answer = await ask(session(port))
    expect(answer.body).toBe('done')
    expect(answer.interim).toHaveLength(1)
    expect(answer.interim[0]).toMatchObject({ ':status': 103, link: '</a.css>; rel=preload; as=style, </b.js>; rel=preload' })
    expect(answer.interim[0]!['set-cookie']).toBeUndefined()
    const http1 = (await rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).response
    expect(http1.interim.map((head) => head.field('link'))).toEqual(['</a.css>; rel=preload; as=style, </b.js>; rel=preload'])
    const old = await rawRequest(port, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', { responses: Infinity })
    expect([old.response.interim.length, old.response.body.toString()]).toEqual([0, 'done'])
  })

  test('`expect: 100-continue` is answered once the request goes on', async () => {
    const up = await service()
    const { port } = await running({ ...to(up), plugins, limits: { body: 100 } })
    const client = session(port)
    const stream = client.request({ ':method': 'POST', ':path': '/', expect: '100-continue', 'content-length': 5 })
    await once(stream, 'continue')
    stream.end('hello')
    expect(JSON.parse((await answerOf(stream)).body)).toMatchObject({ body: 'hello' })
    const refused = client.request({ ':method': 'POST', ':path': '/', expect: '100-continue', 'content-length': 500 })
    const answer = await answerOf(refused)
    expect([answer.status, answer.interim]).toEqual([413, []])
  })

  test('[R21] an answer before the end of the body: whole, then a reset without a fault; the connection goes on', async () => {
    const up = await service((_request, response) => void response.writeHead(200, { 'content-length': 4 }).end('soon'))
    const { port } = await running({ ...to(up), plugins })
    using raw = rawHttp2(port)
    const post = [[':method', 'POST'], ...PSEUDO.slice(1)] as [string, string][]
    raw.write(
      frame({ type: FRAME_TYPES.headers, flags: 4, stream: 1, payload: headerBlock(post) }),
      frame({ type: FRAME_TYPES.data, stream: 1, payload: 'part' }),
    )
    const reset = await raw.frame('reset', 1)
    expect(reset.payload.readUInt32BE(0)).toBe(constants.NGHTTP2_NO_ERROR)
    const types = raw.frames.filter((each) => each.stream === 1).map((each) => [each.type, each.flags & 1])
    expect(types.at(-2)).toEqual([FRAME_TYPES.data, 1])
    raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 3, payload: headerBlock(PSEUDO) }))
    await raw.frame('headers', 3)
  })

  test('[R21] an answer that the upstream breaks off is reset with INTERNAL_ERROR and no end', async () => {
    const up = await service((_request, response) => {
      response.write('some')
      setTimeout(() => response.destroy(), 20)
    })
    const { port } = await running({ ...to(up), plugins })
    using raw = rawHttp2(port)
    raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 1, payload: headerBlock(PSEUDO) }))
    const reset = await raw.frame('reset', 1)
    expect(reset.payload.readUInt32BE(0)).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect(raw.frames.filter((each) => each.stream === 1 && each.type === FRAME_TYPES.data && (each.flags & 1) !== 0)).toEqual([])
  })

  test('[R21] the upstream is told within 100 ms when a client resets its stream, and other streams go on', async () => {
    const up = await service((request, response) => {
      if (request.url === '/fast') response.end('fast')
      else response.write('begun')
    })
    const { port } = await running({ ...to(up), plugins })
    const client = session(port)
    const slow = client.request({ ':path': '/slow' })
    slow.on('error', () => {})
    await once(slow, 'data')
    slow.close(constants.NGHTTP2_CANCEL)
    await waitFor(() => up.requests[0]!.state === 'aborted', { timeout: 100, every: 2 })
    expect((await ask(client, { ':path': '/fast' })).body).toBe('fast')
  })

  test('a hundred requests at once on one connection', async () => {
    const up = await service()
    const { port } = await running({ ...to(up), plugins })
    const client = session(port)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => ask(client, { ':method': 'POST', ':path': `/${i}` }, `body ${i}`)),
    )
    expect(answers.map((answer) => JSON.parse(answer.body) as { url: string; body: string }).map(({ url, body }) => [url, body])).toEqual(
      Array.from({ length: 100 }, (_, i) => [`/${i}`, `body ${i}`]),
    )
  })

  test('[R16] a client that does not read stops the upstream, and gets every byte when it does', async () => {
    const size = 8 * 1024 * 1024
    let sent = 0
    const up = await service((_request, response) => {
      const more = (): void => {
        while (sent < size && !response.writableNeedDrain) {
          response.write(Buffer.alloc(65_536, 0x61))
          sent += 65_536
        }
        if (sent < size) response.once('drain', more)
        else response.end()
      }
      more()
    })
    const { port } = await running({ ...to(up), plugins })
    const stream = session(port).request({ ':path': '/' })
    await once(stream, 'response')
    let before = -1
    await waitFor(
      () => {
        const isStill = sent === before
        before = sent
        return isStill
      },
      { every: 150 },
    )
    expect(sent).toBeLessThan(size)
    let received = 0
    stream.on('data', (piece: Buffer) => (received += piece.length))
    await once(stream, 'end')
    expect(received).toBe(size)
  })

  test('[R16] an upstream that does not read stops the client', async () => {
    let open: () => void = () => {}
    const up = await service((request, response) => {
      request.pause()
      open = () => {
        request.resume()
        request.on('end', () => response.end('read'))
      }
    })
    const { port } = await running({ ...to(up), plugins })
    const stream = session(port).request({ ':method': 'POST', ':path': '/' })
    const answering = answerOf(stream)
    const piece = Buffer.alloc(65_536)
    let written = 0
    await waitFor(() => {
      if (!stream.writableNeedDrain) {
        stream.write(piece)
        written += piece.length
        return false
      }
      return up.count === 1
    })
    const stuck = async (): Promise<boolean> => {
      await new Promise((resolve) => setTimeout(resolve, 200))
      return stream.writableNeedDrain
    }
    for (let i = 0; i < 200 && !(await stuck()); i++) {
      while (!stream.writableNeedDrain && written < 64 * 1024 * 1024) {
        stream.write(piece)
        written += piece.length
      }
    }
    expect(written).toBeLessThan(32 * 1024 * 1024)
    open()
    stream.end()
    expect((await answering).body).toBe('read')
  })

  test('the address of the connection is the client; its requests and connections are counted', async () => {
    const up = await service()
    const { port, gateway } = await running({ ...to(up), plugins })
    const client = session(port)
    await ask(client)
    expect(up.requests[0]!.header('x-forwarded-for')).toBe('127.0.0.1')
    expect(gauge(gateway, 'octopus_active_connections')).toBe(1)
    client.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
  })

  test('a plugin that sets a field that is none gives 500, and the connection goes on', async () => {
    const up = await service()
    const breaking = {
      name: 'breaking',
      version: '1.0.0',
      identity: { name: 'breaking', version: '1.0.0', config: null },
      setup: () => ({
        onResponse: (ctx: { request: { target: string } }, head: { headers: { set(name: string, value: string): void } }) => {
          if (ctx.request.target === '/bad') head.headers.set('x-bad', 'a\u0000b\u0000c')
        },
      }),
    }
    const { port } = await running({ ...to(up), plugins: [...plugins, breaking] })
    const client = session(port)
    expect((await ask(client, { ':path': '/bad' })).status).toBe(500)
    expect((await ask(client)).status).toBe(200)
  })

  test('a client that reads nothing of a small answer is not waited for longer than `idle`', async () => {
    const up = await service()
    const { port, gateway } = await running({ ...to(up), plugins }, { timeouts: { idle: '200ms' } })
    using raw = rawHttp2(port, { settings: Buffer.from([0, 4, 0, 0, 0, 0]) })
    raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 1, payload: headerBlock(PSEUDO) }))
    await raw.frame('headers', 1)
    await raw.frame('reset', 1)
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 1)
  })
})

describe('prior knowledge on the plain port', () => {
  test('a preface in pieces is HTTP/2, however it is cut', async () => {
    const { port } = await running({ routes: [] })
    for (const cuts of [[1], [2], [3], [1, 2, 3, 4], [23]]) {
      using raw = rawHttp2(port, { preface: false })
      const bytes = Buffer.concat([Buffer.from(PREFACE), frame({ type: FRAME_TYPES.settings })])
      let from = 0
      for (const to of [...cuts, bytes.length]) {
        raw.write(bytes.subarray(from, to))
        from = to
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      raw.write(frame({ type: FRAME_TYPES.headers, flags: 5, stream: 1, payload: headerBlock(PSEUDO) }))
      expect(statusOf((await raw.frame('headers', 1)).payload)).toBe(404)
    }
  })

  test('HTTP/1.1 whose method begins alike is HTTP/1.1, also in pieces', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const socket = connectTcp(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let text = ''
    socket.on('data', (piece) => (text += piece.toString()))
    socket.setNoDelay(true)
    for (const piece of ['P', 'R', 'OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n']) {
      socket.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await waitFor(() => text.includes('"method":"PROPFIND"'))
    // Kept alive as ever.
    socket.write('GET /again HTTP/1.1\r\nHost: a\r\n\r\n')
    await waitFor(() => text.includes('"url":"/again"'))
  })

  test.each([
    ['nothing', ''],
    ['the beginning of a preface', 'PR'],
    ['half a preface', PREFACE.slice(0, 12)],
    ['a preface without settings', PREFACE],
    ['the beginning of a request', 'GET / HT'],
  ])('%s and then silence: closed when the time for a head is over', async (_title, bytes) => {
    const { port } = await running({ routes: [] }, { timeouts: { header: '300ms' } })
    using raw = rawHttp2(port, { preface: false })
    const before = performance.now()
    if (bytes !== '') raw.write(Buffer.from(bytes))
    await waitFor(() => raw.ended, { timeout: 3000 })
    expect(performance.now() - before).toBeGreaterThan(250)
  })

  test('[R22] a token `h2c` to upgrade to is ignored: served over HTTP/1.1, body and connection intact', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const socket = connectTcp(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let text = ''
    socket.on('data', (piece) => (text += piece.toString()))
    for (const path of ['/1', '/2']) {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 4\r\n\r\nbody`,
      )
      await waitFor(() => text.includes(`"url":"${path}"`))
    }
    expect(text.match(/HTTP\/1\.1 200|"body":"body"/g)).toHaveLength(4)
    expect(up.requests.map((request) => request.header('upgrade'))).toEqual([undefined, undefined])
  })
})
