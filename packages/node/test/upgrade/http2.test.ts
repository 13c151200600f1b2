import { active, gauge, running } from '../support/running.ts'
import { constants } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { extendedConnect, http2Client } from './support/http2-client.ts'
import { frame, switching, watch } from './support/raw.ts'
import { HeaderList } from '@octopus-gateway/core'
import { onHead, waitFor } from '@octopus-gateway/testing'
import { plugin, recorder } from './support/watching.ts'
import { randomBytes } from 'node:crypto'
import { rawOrigin, service, to } from '../support/upstreams.ts'
import { webSocketService } from './support/peers.ts'
import type { ClientHttp2Session } from 'node:http2'
import type { Raw } from './support/raw.ts'
import type { ServerOptions } from 'ws'
import type { Gateway, Outcome } from '@octopus-gateway/core'
import type { Server } from '@octopus-gateway/node'

async function start(options: ServerOptions = {}): Promise<{
  session: ClientHttp2Session
  up: Awaited<ReturnType<typeof webSocketService>>
  outcomes: readonly Outcome[]
  gateway: Gateway
  server: Server
}> {
  const up = await webSocketService(undefined, options)
  const { outcomes, plugin: recording } = recorder()
  const { port, gateway, server } = await running({ ...to(up), plugins: [recording] })
  return { session: await http2Client(`http://127.0.0.1:${port}`), up, outcomes, gateway, server }
}

describe('WebSocket over HTTP/2 (RFC 8441)', () => {
  test('the server says that it takes extended CONNECT', async () => {
    const { session } = await start()
    expect(session.remoteSettings.enableConnectProtocol).toBe(true)
  })

  test('[R25] a stream becomes an upgrade towards the upstream: query, subprotocols, extensions, forwarding fields', async () => {
    const { session, up, outcomes } = await start({ handleProtocols: (offered) => [...offered][1] ?? false, perMessageDeflate: true })
    const tunnel = await extendedConnect(session, '/room?a=1&b=%20', {
      'sec-websocket-protocol': 'one, two',
      'sec-websocket-extensions': 'permessage-deflate',
      origin: 'https://shop.test',
    })
    expect(tunnel.headers[':status']).toBe(200)
    expect(tunnel.headers).toMatchObject({ 'sec-websocket-protocol': 'two', 'sec-websocket-extensions': 'permessage-deflate' })
    for (const name of ['upgrade', 'connection', 'sec-websocket-accept', 'content-length']) expect(tunnel.headers[name]).toBeUndefined()
    const { method, url, headers } = up.handshakes[0]!
    expect([method, url]).toEqual(['GET', '/room?a=1&b=%20'])
    expect(headers).toMatchObject({ host: 'shop.test', origin: 'https://shop.test', connection: 'Upgrade', upgrade: 'websocket' })
    expect(Buffer.from(headers['sec-websocket-key']!, 'base64')).toHaveLength(16)
    up.sockets[0]!.send('over a stream', { compress: false })
    await waitFor(() => tunnel.bytes.equals(frame(1, 'over a stream', { isMasked: false })))
    tunnel.stream.end(frame(8, Buffer.from([0x03, 0xe8])))
    await waitFor(() => tunnel.isEnded)
    expect(await tunnel.closed).toBe(constants.NGHTTP2_NO_ERROR)
    await waitFor(() => outcomes.length === 1)
    expect(outcomes[0]).toMatchObject({ status: 200 })
    expect(outcomes[0]!.error).toBeUndefined()
  })

  test('many tunnels and requests share a connection; large messages in both directions are held to the pace of the stream', async () => {
    const { session, up, gateway } = await start({ maxPayload: 64 * 1024 * 1024 })
    const tunnels = await Promise.all(Array.from({ length: 20 }, (_, i) => extendedConnect(session, `/${i}`)))
    const big = randomBytes(1024 * 1024)
    for (const { stream } of tunnels) stream.write(frame(2, big))
    const expected = frame(2, big, { isMasked: false })
    await waitFor(() => tunnels.every(({ bytes }) => bytes.length === expected.length), { timeout: 10_000 })
    expect(tunnels.every(({ bytes }) => bytes.equals(expected))).toBe(true)
    expect(up.handshakes.map(({ url }) => url).sort()).toEqual(tunnels.map((_, i) => `/${i}`).sort())
    expect(gauge(gateway, 'octopus_active_connections')).toBe(1)
  })

  test.each([
    ['another protocol', { ':protocol': 'connect-udp' }, 501],
    ['another version', { 'sec-websocket-version': '8' }, 426],
    ['no route', { ':path': '/none' }, 404],
    ['a dangerous target', { ':path': '/a/../b' }, 400],
  ])('%s is refused on its stream', async (_what, fields, status) => {
    const up = await service()
    const { port } = await running({ upstreams: { up: [up.origin] }, routes: [{ path: '/', methods: ['GET'], upstream: 'up' }] })
    const session = await http2Client(`http://127.0.0.1:${port}`)
    const tunnel = await extendedConnect(session, '/', fields)
    expect(tunnel.headers[':status']).toBe(status)
    await tunnel.closed
    expect(JSON.parse(tunnel.bytes.toString())).toMatchObject({ status })
    expect(up.count).toBe(0)
    expect(session.closed).toBe(false)
  })

  test('[R1] policies answer on the stream before anything goes upstream', async () => {
    const up = await webSocketService()
    const guard = plugin('guard', { onRequest: () => ({ status: 401, headers: new HeaderList(), body: 'stop' }) })
    const { port } = await running({ ...to(up), plugins: [guard] })
    const tunnel = await extendedConnect(await http2Client(`http://127.0.0.1:${port}`))
    expect(tunnel.headers[':status']).toBe(401)
    await tunnel.closed
    expect(tunnel.bytes.toString()).toBe('stop')
    expect(up.handshakes).toHaveLength(0)
  })

  test('an ordinary answer of the upstream is one on the stream, and a wrong 101 is 502', async () => {
    const answers = ['HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', switching()]
    const up = await rawOrigin(onHead((socket) => void socket.write(answers.shift()!)))
    const { port } = await running(to(up))
    const session = await http2Client(`http://127.0.0.1:${port}`)
    const forbidden = await extendedConnect(session)
    expect(forbidden.headers[':status']).toBe(403)
    await waitFor(() => forbidden.bytes.toString() === 'no')
    // The accept is for another key than the one that was made for this stream.
    expect((await extendedConnect(session)).headers[':status']).toBe(502)
    await waitFor(() => up.connections.open === 0)
  })
})

describe('ends of a tunnel over HTTP/2', () => {
  test('[R21] a reset of the stream ends the upstream within 100 ms, and nothing else on the connection', async () => {
    const { session, up, gateway, outcomes } = await start()
    const first = await extendedConnect(session)
    const second = await extendedConnect(session)
    await waitFor(() => up.server.clients.size === 2)
    first.stream.close(constants.NGHTTP2_CANCEL)
    await waitFor(() => up.server.clients.size === 1, { timeout: 100, every: 2 })
    await waitFor(() => outcomes.length === 1, { timeout: 100, every: 2 })
    second.stream.write(frame(1, 'still'))
    await waitFor(() => second.bytes.equals(frame(1, 'still', { isMasked: false })))
    expect(active(gateway)).toBe(1)
    session.destroy()
    await waitFor(() => up.server.clients.size === 0 && active(gateway) === 0)
  })

  test('[R21] a client that resets its stream during the handshake ends it at the upstream', async () => {
    let asked = 0
    const up = await rawOrigin(onHead(() => (asked += 1)))
    const { port, gateway } = await running(to(up))
    const session = await http2Client(`http://127.0.0.1:${port}`)
    const opening = extendedConnect(session)
    opening.catch(() => {})
    await waitFor(() => asked === 1)
    session.destroy()
    await waitFor(() => up.connections.open === 0, { timeout: 100, every: 2 })
    expect(active(gateway)).toBe(0)
  })

  test('[R21] an upstream that breaks resets the stream with CANCEL', async () => {
    const { session, up, outcomes } = await start()
    const tunnel = await extendedConnect(session)
    await waitFor(() => up.sockets.length === 1)
    ;(up.sockets[0] as unknown as { _socket: { resetAndDestroy(): void } })._socket.resetAndDestroy()
    expect(await tunnel.closed).toBe(constants.NGHTTP2_CANCEL)
    await waitFor(() => outcomes.length === 1)
    expect(outcomes[0]!.error?.code).toBe('UPSTREAM_RESET')
  })

  test('[R36] a server that closes tells both peers 1001, and the connection ends with its tunnels', async () => {
    const { session, up, server } = await start()
    const codes: number[] = []
    const tunnel = await extendedConnect(session)
    await waitFor(() => up.sockets.length === 1)
    up.sockets[0]!.on('close', (code) => codes.push(code))
    const before = performance.now()
    const closing = server.close({ grace: '10s' })
    await waitFor(() => tunnel.bytes.equals(Buffer.from([0x88, 2, 0x03, 0xe9])))
    tunnel.stream.end(frame(8, Buffer.from([0x03, 0xe9])))
    await closing
    expect(performance.now() - before).toBeLessThan(3_000)
    await waitFor(() => codes.length === 1)
    expect(codes).toEqual([1001])
  })

  test('half-close: END_STREAM is the end of one way only', async () => {
    let upstream: Raw | undefined
    const up = await webSocketService((socket) => {
      const raw = (socket as unknown as { _socket: import('node:net').Socket })._socket
      raw.removeAllListeners('end')
      upstream = watch(raw)
    })
    const { port } = await running(to(up))
    const tunnel = await extendedConnect(await http2Client(`http://127.0.0.1:${port}`))
    tunnel.stream.end(frame(1, 'last'))
    await waitFor(() => upstream?.isEnded === true)
    expect(tunnel.isEnded).toBe(false)
    upstream!.socket.end('more')
    await waitFor(() => tunnel.isEnded)
    expect(tunnel.bytes.toString()).toContain('more')
  })
})
