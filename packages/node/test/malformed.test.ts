import { connect } from 'node:net'
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { HeaderList } from '@octopus-gateway/core'
import { onRequest, rawRequest, waitFor } from '@octopus-gateway/testing'
import { active, gauge, running, webLane } from './support/running.ts'
import { rawOrigin, service, to } from './support/upstreams.ts'
import type { Plugin } from '@octopus-gateway/core'

const LANES: readonly (readonly [string, readonly Plugin[]])[] = [
  ['head', []],
  ['web', webLane()],
]
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const HOST = 'Host: a.test\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n'

describe.each(LANES)('malformed messages, %s lane', (_lane, plugins) => {
  /** A raw origin that answers each complete request and shows every byte it got. */
  async function lenient(): Promise<{ port: number; received: () => string }> {
    const origin = await rawOrigin(onRequest((_request, socket) => void socket.write(OK)))
    const { port } = await running({ ...to(origin), plugins })
    return { port, received: () => origin.received.join('') }
  }

  test('[R17] the body of one request is never the head of the next, upstream either', async () => {
    const { port, received } = await lenient()
    const inner = SMUGGLED
    const first = `POST /one HTTP/1.1\r\n${HOST}Content-Length: ${inner.length}\r\n\r\n${inner}`
    const second = `POST /two HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)};ext=1\r\n${inner}\r\n0\r\nX-Trailer: 1\r\n\r\n`
    const third = `GET /three HTTP/1.1\r\n${HOST}Content-Length: ${inner.length}\r\n\r\n${inner}`
    for (const bytes of [first, second, third]) {
      const exchange = await rawRequest(port, bytes, { responses: 1 })
      expect(exchange.response.status).toBe(200)
    }
    expect(received().split('HTTP/1.1\r\nhost: a.test')).toHaveLength(4)
    expect(received()).not.toContain('X-Trailer')
    expect(received()).not.toContain('ext=1')
  })
})

describe('the connection', () => {
  test('requests in one packet are answered in order, also when the first is slow', async () => {
    const up = await service((request, response) => void setTimeout(() => response.end(request.url), request.url === '/1' ? 150 : 0))
    const { port } = await running(to(up))
    const bytes = ['/1', '/2', '/3', '/missing%5c', '/5'].map((path) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`).join('')
    const exchange = await rawRequest(port, bytes, { responses: 5, timeout: 4000 })
    expect(exchange.responses.map(({ status, body }) => (status === 200 ? body.toString() : status))).toEqual(['/1', '/2', '/3', 400, '/5'])
  })

  test('[R21] a client that leaves ends all its requests in one packet, also those whose turn to be answered had not come', async () => {
    const up = await service(() => {})
    const { port, gateway } = await running(to(up))
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(5))
    await waitFor(() => up.count === 5)
    socket.destroy()
    await waitFor(() => up.requests.every(({ state }) => state === 'aborted'))
    await waitFor(() => active(gateway) === 0)
  })

  test('behind a whole request a malformed one: the first is answered, its answer is not broken, the connection closes', async () => {
    const up = await service((_request, response) => void setTimeout(() => response.end('first'), 100))
    const { port } = await running(to(up))
    const exchange = await rawRequest(port, `GET / HTTP/1.1\r\n${HOST}\r\nGARBAGE\r\n\r\n`, { responses: Infinity, timeout: 4000 })
    expect(exchange.responses.map(({ body }) => body.toString())).toEqual(['first'])
    expect(exchange.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(exchange.ended).toBe('closed')
  })

  test.each([
    ['413', 'POST', { limits: { body: 1000 } }, '/x'],
    ['404', 'POST', { routes: [] }, '/x'],
    ['405', 'POST', { methods: true }, '/x'],
  ])(
    'an early %s to a large upload reaches a client that goes on sending, then the connection closes',
    async (status, method, how, path) => {
      const up = await service()
      const { methods, ...options } = how as { methods?: boolean; routes?: []; limits?: { body: number } }
      const { port } = await running({
        ...to(up),
        ...(methods === true ? { routes: [{ path: '/x', upstream: 'up', methods: ['GET'] }] } : {}),
        ...options,
      })
      const size = 20 * 1024 * 1024
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      let text = ''
      let sent = 0
      let failure: string | undefined
      socket.on('data', (piece) => {
        text += piece.toString()
      })
      socket.on('end', () => socket.end())
      socket.on('error', (error: NodeJS.ErrnoException) => {
        failure = error.code
      })
      socket.write(`${method} ${path} HTTP/1.1\r\n${HOST}Content-Length: ${size}\r\n\r\n`)
      const piece = Buffer.from(SMUGGLED.repeat(1000))
      const send = (): void => {
        while (sent < 8 * 1024 * 1024 && socket.writable) {
          sent += piece.length
          if (!socket.write(piece)) return
        }
      }
      socket.on('drain', send)
      send()
      await waitFor(() => text.includes('\r\n\r\n{') && socket.destroyed, { what: 'the answer and the close' })
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(text).toMatch(/connection: close/i)
      expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
      expect([failure, up.count]).toEqual([undefined, 0])
    },
  )

  test('HTTP/1.0 without keep-alive: an answer of known length, then the close; with it, the connection stays', async () => {
    const up = await service((_request, response) => void response.end('body'))
    const { port } = await running(to(up))
    const once = await rawRequest(port, 'GET / HTTP/1.0\r\n\r\n', { responses: Infinity, timeout: 4000 })
    expect([once.response.status, once.response.body.toString(), once.ended]).toEqual([200, 'body', 'closed'])
    expect(once.response.field('transfer-encoding')).toBeUndefined()
  })

  test('[R21] HTTP/1.0: a body that breaks off ends in a reset, because a close would be its end', async () => {
    const up = await service((_request, response) => {
      response.write('some')
      setTimeout(() => response.destroy(), 50)
    })
    const { port } = await running(to(up))
    const exchange = await rawRequest(port, 'GET / HTTP/1.0\r\n\r\n', { responses: Infinity, timeout: 4000 })
    expect([exchange.ended, exchange.error]).toEqual(['failed', 'ECONNRESET'])
  })

  test('Expect: 100-continue asks for the body only when the request goes on', async () => {
    const up = await service()
    const { port } = await running({ ...to(up), routes: [{ path: '/here', upstream: 'up' }] })
    const ask = (path: string): string => `PUT ${path} HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`
    const refused = await rawRequest(port, ask('/nowhere'), { responses: Infinity, timeout: 4000 })
    expect([refused.response.status, refused.response.interim.length, refused.ended]).toEqual([404, 0, 'closed'])
    const accepted = await rawRequest(port, `${ask('/here')}body`)
    expect([accepted.response.status, accepted.response.interim.length]).toEqual([200, 1])
    expect(up.requests[0]).toMatchObject({ body: 'body' })
    const unknown = await rawRequest(port, `GET /here HTTP/1.1\r\n${HOST}Expect: a-miracle\r\n\r\n`)
    expect(unknown.response.status).toBe(200)
  })

  test('Upgrade: h2c is ignored: the request is served with its body, and the connection stays', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const upgrade = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (piece) => {
      text += piece.toString()
    })
    const answers = (count: number): Promise<unknown> => waitFor(() => text.match(/HTTP\/1\.1 200/g)?.length === count)
    // Head and body in two packets, then another request on the same connection.
    socket.write(`POST /1 HTTP/1.1\r\n${HOST}${upgrade}Content-Length: 4\r\n\r\nbo`)
    await waitFor(() => up.count === 1)
    socket.write('dy')
    await answers(1)
    socket.write(`GET /2 HTTP/1.1\r\n${HOST}${upgrade}\r\n`)
    await answers(2)
    socket.destroy()
    expect(up.requests.map(({ url, body }) => [url, body])).toEqual([
      ['/1', 'body'],
      ['/2', ''],
    ])
    for (const name of ['upgrade', 'http2-settings']) expect(up.requests[0]!.header(name)).toBeUndefined()
  })

  test.skipIf(spawnSync('curl', ['--version']).status !== 0)(
    'curl --http2 on the plain port is served over HTTP/1.1, twice on one connection',
    async () => {
      const up = await service()
      const { server, gateway } = await running(to(up))
      const { stdout } = await promisify(execFile)('curl', [
        '-s',
        '--http2',
        '--data',
        'payload',
        `${server.url}/1`,
        '--next',
        '-s',
        '--http2',
        '--data',
        'payload',
        `${server.url}/2`,
      ])
      expect(stdout.match(/"body":"payload"/g)).toHaveLength(2)
      await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
    },
  )

  test('Upgrade: websocket without the connection option is no upgrade that could be carried: 501, and nothing reaches the upstream', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const exchange = await rawRequest(port, `GET / HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n\r\n`)
    expect([exchange.response.status, exchange.response.field('content-type'), up.count]).toEqual([501, 'application/problem+json', 0])
  })

  test('CONNECT is 501 and the connection closes', async () => {
    const { port } = await running({ routes: [] })
    const exchange = await rawRequest(port, `CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n`, {
      responses: Infinity,
      timeout: 4000,
    })
    expect([exchange.response.status, exchange.ended]).toEqual([501, 'closed'])
  })

  test('a head that is too large is 431, one that is too slow is 408', async () => {
    const { port } = await running({ routes: [] }, { timeouts: { header: '300ms' } })
    const huge = await rawRequest(port, `GET / HTTP/1.1\r\n${HOST}X-Huge: ${'h'.repeat(100_000)}\r\n\r\n`, {
      responses: Infinity,
      timeout: 4000,
    })
    expect([huge.response.status, huge.ended]).toEqual([431, 'closed'])
    const before = performance.now()
    const slow = await rawRequest(port, `GET / HTTP/1.1\r\n${HOST}X-Slow: `, { responses: Infinity, timeout: 4000 })
    expect([slow.response.status, slow.ended]).toEqual([408, 'closed'])
    expect(performance.now() - before).toBeLessThan(2_000)
  })

  test('a whole request that takes longer than `requestBody` is 408', async () => {
    const up = await service()
    const { port } = await running(to(up), { timeouts: { requestBody: '300ms' } })
    const slow = await rawRequest(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nabc`, { responses: Infinity, timeout: 4000 })
    expect([slow.response.status, slow.ended]).toEqual([408, 'closed'])
    await waitFor(() => up.requests.every(({ state }) => state === 'aborted'))
  })

  test.each(['an upstream', 'the gateway'])('a client that reads nothing of what %s says is cut after `idle`', async (speaker) => {
    const body = Buffer.alloc(24 * 1024 * 1024)
    const up = await service((_request, response) => void response.end(body))
    // The gateway's own answer is whole at once: only the client is still owed something.
    const onRequest = (): { status: number; headers: HeaderList; body: Uint8Array } => ({ status: 200, headers: new HeaderList(), body })
    const answering = {
      name: 'answering',
      version: '1.0.0',
      identity: { name: 'answering', version: '1.0.0', config: null },
      setup: () => ({ onRequest }),
    }
    const { port, gateway } = await running(
      { ...to(up), plugins: speaker === 'the gateway' ? [answering] : [] },
      { timeouts: { idle: '300ms' } },
    )
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`)
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 1)
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0, { what: 'the connection to be cut' })
    socket.destroy()
  })
})
