import { describe, expect, test } from 'vitest'
import { ACCEPT, frame, handshake, KEY, rawClient, rawTunnel, switching } from './support/raw.ts'
import { active, running, webLane } from '../support/running.ts'
import { closedPort, onHead, rawRequest, waitFor } from '@octopus-gateway/testing'
import { openClient, webSocketService } from './support/peers.ts'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { recorder } from './support/watching.ts'

test('fields of a route are in the head of a 101', async () => {
  const up = await rawOrigin(onHead((socket) => void socket.write(switching(''))))
  const { port } = await running({ ...to(up), routes: [{ path: '/*', upstream: 'up', responseFields: { Sunset: 'soon' } }] })
  const raw = rawClient(port, handshake('/'))
  await waitFor(() => raw.head !== '')
  expect(raw.head).toMatch(/^HTTP\/1\.1 101 /)
  expect(raw.head.toLowerCase()).toContain('sunset: soon')
})

describe('[R25] a handshake goes through as it came', () => {
  test('query, origin, cookies, every subprotocol; the one chosen comes back', async () => {
    const up = await webSocketService(undefined, { handleProtocols: (protocols) => [...protocols][1] ?? false })
    const { port } = await running(to(up))
    const client = await openClient(port, '/chat/room?token=a%20b&x=1&x=2', {
      protocols: ['chat.v1', 'chat.v2', 'chat.v3'],
      origin: 'https://shop.test',
      headers: { cookie: 'sid=1', 'x-own': 'yes' },
    })
    expect(client.socket.protocol).toBe('chat.v2')
    const { url, headers } = up.handshakes[0]!
    expect(url).toBe('/chat/room?token=a%20b&x=1&x=2')
    expect(headers).toMatchObject({
      'sec-websocket-protocol': 'chat.v1,chat.v2,chat.v3',
      origin: 'https://shop.test',
      cookie: 'sid=1',
      'x-own': 'yes',
      'x-forwarded-for': '127.0.0.1',
      via: '1.1 octopus',
    })
    client.socket.send('hello')
    expect(await client.next()).toBe('hello')
  })

  test('subprotocols in several fields stay several, and key and version are the client’s own', async () => {
    const up = await rawOrigin(onHead((socket) => void socket.write(switching('Sec-WebSocket-Protocol: b\r\n'))))
    const { port } = await running(to(up))
    const raw = rawClient(
      port,
      handshake('/?q', { 'Sec-WebSocket-Protocol': 'a\r\nSec-WebSocket-Protocol: b', 'Sec-WebSocket-Extensions': 'x-own; p="a,b"' }),
    )
    await waitFor(() => raw.head !== '')
    expect(raw.head.split('\r\n')[0]).toBe('HTTP/1.1 101 Switching Protocols')
    expect(raw.head.toLowerCase()).toContain('sec-websocket-protocol: b')
    expect(raw.head).toContain(`sec-websocket-accept: ${ACCEPT}`)
    expect(raw.head.toLowerCase().match(/sec-websocket-accept/g)).toHaveLength(1)
    const sent = up.received[0]!
    expect(sent).toContain('Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n')
    expect(sent).toContain('Sec-WebSocket-Extensions: x-own; p="a,b"\r\n')
    expect(sent).toContain(`Sec-WebSocket-Key: ${KEY}\r\n`)
    expect(sent.startsWith('GET /?q HTTP/1.1\r\n')).toBe(true)
    expect(sent.match(/connection:/gi)).toHaveLength(1)
    expect(sent.match(/upgrade: websocket/gi)).toHaveLength(1)
  })

  test('behind pipelined requests it waits for their answers', async () => {
    const up = await webSocketService(undefined, {})
    const slow = await service((_request, response) => void setTimeout(() => response.end('slow'), 50))
    const { port } = await running({
      upstreams: { up: [up.origin], slow: [slow.origin] },
      routes: [
        { path: '/slow', upstream: 'slow' },
        { path: '/ws', upstream: 'up' },
      ],
    })
    const raw = rawClient(port, `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${handshake('/ws')}`)
    await waitFor(() => raw.bytes.includes('101 Switching'))
    expect(raw.bytes.indexOf('slow')).toBeGreaterThan(0)
    expect(raw.bytes.indexOf('slow')).toBeLessThan(raw.bytes.indexOf('101 Switching'))
    raw.socket.write(frame(1, 'hi'))
    await waitFor(() => raw.bytes.includes(frame(1, 'hi', { isMasked: false })))
  })
})

describe('a handshake that is none is refused before the upgrade', () => {
  test.each([
    ['without a key', handshake('/', { 'Sec-WebSocket-Key': '' }), 400],
    ['with a key of the wrong length', handshake('/', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }), 400],
    ['with two keys', handshake('/', { 'Sec-WebSocket-Key': `${KEY}\r\nSec-WebSocket-Key: ${KEY}` }), 400],
    ['without a version', handshake('/', { 'Sec-WebSocket-Version': '' }), 400],
    ['of another version', handshake('/', { 'Sec-WebSocket-Version': '8' }), 426],
    ['by POST', handshake('/', {}, 'POST / HTTP/1.1'), 400],
    ['with a body', `${handshake('/', { 'Content-Length': '4' })}GET `, 400],
    ['with a chunked body', `${handshake('/', { 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`, 400],
    ['without Host', handshake('/', { Host: '' }), 400],
    ['with two Hosts', handshake('/', { Host: 'a\r\nHost: b' }), 400],
    ['with a dangerous target', handshake('/a/..%2fb'), 400],
    ['to no route', handshake('/none'), 404],
  ])('%s', async (_what, bytes, status) => {
    const up = await service()
    const { outcomes, plugin } = recorder()
    const { port } = await running({ upstreams: { up: [up.origin] }, routes: [{ path: '/', upstream: 'up' }], plugins: [plugin] })
    const { response, ended } = await rawRequest(port, bytes, { responses: 2 })
    expect(ended).toBe('closed')
    expect(response.status).toBe(status)
    expect(response.field('content-type')).toBe('application/problem+json')
    expect(response.field('connection')).toContain('close')
    if (status === 426) {
      expect(response.field('sec-websocket-version')).toBe('13')
      expect(response.field('upgrade')).toBe('websocket')
      expect(response.field('connection')).toBe('Upgrade, close')
    }
    await waitFor(() => outcomes.length === 1)
    expect(outcomes[0]!.status).toBe(status)
    expect(up.count).toBe(0)
  })

  test('501 where the route cannot carry it: a middleware that does not say so, a function as upstream', async () => {
    const up = await webSocketService()
    const first = await running({ ...to(up), plugins: webLane() })
    expect((await rawRequest(first.port, handshake())).response.status).toBe(501)
    const second = await running({ upstreams: { up: () => new Response('no') }, routes: [{ path: '/*', upstream: 'up' }] })
    expect((await rawRequest(second.port, handshake())).response.status).toBe(501)
    expect(up.handshakes).toHaveLength(0)
  })
})

describe('what the upstream answers', () => {
  test.each([
    ['401 with a body', 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 6\r\n\r\nno way', 401, 'no way'],
    ['302', 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n', 302, ''],
    ['400 in chunks', 'HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n', 400, 'bad'],
    [
      '426 with Upgrade fields',
      'HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nold',
      426,
      'old',
    ],
    ['200 until the end', 'HTTP/1.1 200 OK\r\n\r\na page', 200, 'a page'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    [
      'an answer behind 103',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 1\r\n\r\nx',
      403,
      'x',
    ],
  ])('%s reaches the client as an ordinary answer', async (_what, bytes, status, body) => {
    const up = await rawOrigin(
      onHead((socket) => (bytes.includes('Length') || bytes.includes('chunked') ? void socket.write(bytes) : void socket.end(bytes))),
    )
    const { gateway, port } = await running(to(up))
    const { response, ended } = await rawRequest(port, handshake(), { responses: 2 })
    expect(ended).toBe('closed')
    expect(response.status).toBe(status)
    expect(response.body.toString()).toBe(body)
    expect(response.field('connection')).toBe('close')
    if (status === 401) expect(response.field('www-authenticate')).toBe('Basic')
    if (status === 302) expect(response.field('location')).toBe('/login')
    await waitFor(() => active(gateway) === 0)
    await waitFor(() => up.connections.open === 0)
  })

  test('a long ordinary answer is not held back, and not read faster than the client reads', async () => {
    const total = 32 * 1024 * 1024
    let written = 0
    const { port } = await running(to(await bigRefusal(total, (bytes) => (written = bytes))))
    const raw = rawClient(port, handshake())
    await waitFor(() => raw.body.length > 0)
    raw.socket.pause()
    let before = -1
    await waitFor(
      () => {
        const isStill = before === written
        before = written
        return isStill
      },
      { every: 100 },
    )
    expect(written).toBeLessThan(total / 2)
    raw.socket.resume()
    await waitFor(() => raw.isEnded, { timeout: 10_000 })
    expect(raw.body.length).toBeGreaterThanOrEqual(total)
  })

  test.each([
    ['a wrong accept', switching().replace(ACCEPT, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=')],
    ['no accept', switching().replace(/Sec-WebSocket-Accept: .*\r\n/, '')],
    ['another protocol', switching().replace('Upgrade: websocket', 'Upgrade: h2c')],
    ['no Upgrade', switching().replace('Upgrade: websocket\r\n', '')],
    ['no Connection', switching().replace('Connection: Upgrade\r\n', '')],
    ['a subprotocol nobody offered', switching('Sec-WebSocket-Protocol: other\r\n')],
    ['two subprotocols', switching('Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n')],
    ['an extension nobody offered', switching('Sec-WebSocket-Extensions: permessage-deflate\r\n')],
    ['garbage', '\u0016\u0003 this is not HTTP\r\n\r\n'],
  ])('101 with %s is 502, and the connection to the upstream is closed', async (_what, bytes) => {
    const up = await rawOrigin(onHead((socket) => void socket.write(bytes, 'latin1')))
    const { gateway, port } = await running(to(up))
    const { response } = await rawRequest(port, handshake('/', { 'Sec-WebSocket-Protocol': 'a, b' }))
    expect(response.status).toBe(502)
    expect(JSON.parse(response.body.toString())).toMatchObject({ code: 'UPSTREAM_PROTOCOL' })
    await waitFor(() => up.connections.open === 0)
    expect(active(gateway)).toBe(0)
  })
})

describe('attempts', () => {
  test('an endpoint that cannot be reached is followed by another', async () => {
    const up = await webSocketService()
    const { gateway, port } = await running(to({ origin: `http://127.0.0.1:${await closedPort()}` }, up))
    for (let i = 0; i < 4; i++) {
      const raw = await rawTunnel(port)
      raw.socket.destroy()
    }
    expect(up.handshakes).toHaveLength(4)
    await waitFor(() => active(gateway) === 0)
  })

  test('[R15] a handshake that may have been seen is not repeated', async () => {
    let asked = 0
    const broken = await rawOrigin(
      onHead((socket) => {
        asked += 1
        socket.resetAndDestroy()
      }),
    )
    const { port } = await running(to(broken, { origin: broken.origin.replace('127.0.0.1', 'localhost') }))
    const { response } = await rawRequest(port, handshake())
    expect(response.status).toBe(502)
    expect(asked).toBe(1)
  })

  test('an upstream that accepts and says nothing is 504 after the timeout of the route', async () => {
    const up = await rawOrigin(() => {})
    const { gateway, port } = await running({ ...to(up), routes: [{ path: '/*', upstream: 'up', timeout: 150 }] })
    const { response } = await rawRequest(port, handshake())
    expect(response.status).toBe(504)
    await waitFor(() => active(gateway) === 0)
    await waitFor(() => up.connections.open === 0)
  })

  test('[R21] a client that leaves during the handshake ends it at the upstream within 100 ms, also by closing its side only', async () => {
    for (const leave of ['destroy', 'end', 'resetAndDestroy'] as const) {
      let sockets = 0
      const up = await rawOrigin(onHead(() => (sockets += 1)))
      const { outcomes, plugin } = recorder()
      const { gateway, port } = await running({ ...to(up), plugins: [plugin] })
      const raw = rawClient(port, handshake())
      await waitFor(() => sockets === 1)
      raw.socket[leave]()
      await waitFor(() => up.connections.open === 0, { timeout: 100, every: 2 })
      await waitFor(() => outcomes.length === 1, { timeout: 100, every: 2 })
      expect(outcomes[0]).toMatchObject({ status: 499 })
      expect(active(gateway)).toBe(0)
    }
  })
})

async function bigRefusal(total: number, progress: (bytes: number) => void): Promise<{ origin: string }> {
  return rawOrigin(
    onHead((socket) => {
      socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${total}\r\n\r\n`)
      const piece = Buffer.alloc(64 * 1024, 'x')
      let written = 0
      const go = (): void => {
        while (written < total) {
          written += piece.length
          progress(written)
          if (!socket.write(piece)) {
            socket.once('drain', go)
            return
          }
        }
      }
      go()
    }),
  )
}
