import { active, running } from '../support/running.ts'
import { constants, createSecureServer } from 'node:http2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { extendedConnect, http2Client } from './support/http2-client.ts'
import { FLAG, FRAME, rawH2, setting } from '../wires/support/raw-h2.ts'
import { frame, handshake, rawTunnel } from './support/raw.ts'
import { h2Origin } from '../wires/support/h2-origin.ts'
import { once } from 'node:events'
import { openClient, webSocketService } from './support/peers.ts'
import { rawRequest, testCertificates, waitFor } from '@octopus-gateway/testing'
import { WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import type { GatewayOptions } from '@octopus-gateway/core'
import type { H2Origin, StreamHandler } from '../wires/support/h2-origin.ts'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { RawH2 } from '../wires/support/raw-h2.ts'

/** RFC 8441, section 3. */
const ENABLE_CONNECT_PROTOCOL = 8

/** A server of HTTP/2 in the clear that takes extended CONNECT. */
function connectOrigin(handler: StreamHandler): Promise<H2Origin> {
  return h2Origin(handler, { settings: { enableConnectProtocol: true } })
}

function over(protocol: 'h2c' | 'auto', origin: string): GatewayOptions {
  return { upstreams: { up: { endpoints: [origin], protocol } }, routes: [{ path: '/*', upstream: 'up', timeout: 2_000 }] }
}

describe('an upstream that speaks HTTP/2 and takes extended CONNECT (RFC 8441)', () => {
  test('gets a stream of a shared connection: path, fields and offers as they came, no key', async () => {
    const heard: IncomingHttpHeaders[] = []
    const up = await connectOrigin((stream, headers) => {
      heard.push(headers)
      stream.respond({ ':status': 200, 'sec-websocket-protocol': 'b' })
      stream.on('data', (piece) => stream.write(piece))
      stream.on('end', () => stream.end())
    })
    const { port, gateway } = await running(over('h2c', up.origin))
    const raws = await Promise.all(Array.from({ length: 10 }, (_, i) => rawTunnelOffering(port, `/room?n=${i}`)))
    for (const [i, raw] of raws.entries()) raw.socket.write(frame(1, `number ${i}`))
    await waitFor(() => raws.every((raw, i) => raw.body.equals(frame(1, `number ${i}`))))
    expect(up.sessions).toHaveLength(1)
    expect(heard[0]).toMatchObject({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'shop.test',
      ':path': '/room?n=0',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'a, b',
    })
    for (const name of ['sec-websocket-key', 'connection', 'upgrade']) expect(heard[0]![name]).toBeUndefined()
    expect(raws[0]!.head.toLowerCase()).toContain('sec-websocket-protocol: b')
    for (const raw of raws) raw.socket.end()
    await waitFor(() => raws.every((raw) => raw.isEnded))
    await waitFor(() => active(gateway) === 0)
  })

  test('a refusal is an ordinary answer; a choice that was not offered is 502 and a reset', async () => {
    const codes: number[] = []
    const up = await connectOrigin((stream, headers) => {
      stream.on('close', () => codes.push(stream.rstCode))
      if (headers[':path'] === '/no') {
        stream.respond({ ':status': 403 })
        stream.end('not here')
      } else stream.respond({ ':status': 200, 'sec-websocket-protocol': 'other' })
    })
    const { port, gateway } = await running(over('h2c', up.origin))
    const refused = await rawRequest(port, handshake('/no'))
    expect([refused.response.status, refused.response.body.toString()]).toEqual([403, 'not here'])
    expect((await rawRequest(port, handshake('/odd'))).response.status).toBe(502)
    await waitFor(() => codes.length === 2)
    expect(codes[1]).toBe(constants.NGHTTP2_CANCEL)
    expect(active(gateway)).toBe(0)
  })

  test('[R21] whoever breaks off takes the other side along', async () => {
    const streams: ServerHttp2Stream[] = []
    const up = await connectOrigin((stream) => {
      stream.respond({ ':status': 200 })
      stream.resume()
      streams.push(stream)
    })
    const { port, gateway } = await running(over('h2c', up.origin))
    const first = await rawTunnel(port)
    first.socket.resetAndDestroy()
    await waitFor(() => streams[0]!.closed, { timeout: 100, every: 2 })
    expect(streams[0]!.rstCode).toBe(constants.NGHTTP2_CANCEL)
    const second = await rawTunnel(port)
    streams[1]!.close(constants.NGHTTP2_INTERNAL_ERROR)
    await waitFor(() => second.isEnded || second.isClosed, { timeout: 100, every: 2 })
    await waitFor(() => active(gateway) === 0)
  })

  test.each([
    ['END_STREAM is whole', (up: RawH2, stream: number) => up.data(stream, '', FLAG.endStream), true],
    ['a reset without an error is not', (up: RawH2, stream: number) => up.reset(stream, 0), false],
  ])('[R21] a refusal that ends with %s', async (_name, end, isWhole) => {
    const up = await rawH2(
      (connection, { type, stream }) => {
        if (type === FRAME.headers) end(connection.head(stream, 403).data(stream, 'not here'), stream)
      },
      setting(ENABLE_CONNECT_PROTOCOL, 1),
    )
    const { port } = await running(over('h2c', up.origin))
    const { bytes } = await rawRequest(port, handshake(), { timeout: 500 })
    expect(bytes.toString()).toContain('403')
    expect(bytes.toString().endsWith('0\r\n\r\n')).toBe(isWhole)
  })

  test('[R21] a client that leaves during the handshake ends it at the upstream', async () => {
    const streams: ServerHttp2Stream[] = []
    const up = await connectOrigin((stream) => void streams.push(stream))
    const { port, gateway } = await running(over('h2c', up.origin))
    const asking = rawRequest(port, handshake(), { timeout: 100 })
    await waitFor(() => streams.length === 1)
    expect((await asking).ended).toBe('timeout')
    await waitFor(() => streams[0]!.closed, { timeout: 200, every: 2 })
    expect(active(gateway)).toBe(0)
  })

  test('two gateways in a row, streams all the way', async () => {
    const service = await webSocketService()
    const inner = await running(over('auto', service.origin))
    const outer = await running(over('h2c', `http://127.0.0.1:${inner.port}`))
    const client = await openClient(outer.port, '/through?x=1')
    client.socket.send('hello')
    expect(await client.next()).toBe('hello')
    const tunnel = await extendedConnect(await http2Client(`http://127.0.0.1:${outer.port}`))
    tunnel.stream.write(frame(1, 'streams'))
    await waitFor(() => tunnel.bytes.equals(frame(1, 'streams', { isMasked: false })))
    client.socket.close(4000, 'end')
    expect(await client.closed).toEqual({ code: 4000, reason: 'end' })
    expect(service.handshakes.map(({ url }) => url)).toEqual(['/through?x=1', '/'])
  })
})

describe('where extended CONNECT is not taken', () => {
  test('the handshake goes over HTTP/1.1, on a connection of its own', async () => {
    const service = new WebSocketServer({ noServer: true })
    const secure = createSecureServer({ ...testCertificates().server, allowHTTP1: true })
    const streams: string[] = []
    secure.on('stream', (_stream, headers) => streams.push(headers[':method']!))
    secure.on('upgrade', (request, socket, head) => {
      service.handleUpgrade(request, socket, head, (accepted) => accepted.on('message', (data) => accepted.send(data)))
    })
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    onTestFinished(() => {
      for (const socket of service.clients) socket.terminate()
      secure.close()
    })
    const origin = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
    const { port, server } = await running({
      upstreams: { up: { endpoints: [origin], protocol: 'h2', tls: { ca: testCertificates().ca } } },
      routes: [{ path: '/*', upstream: 'up' }],
    })
    const client = await openClient(port)
    client.socket.send('one after all')
    expect(await client.next()).toBe('one after all')
    expect(streams).toEqual([])
    await server.close({ grace: 500 })
  })

  test('an upstream of HTTP/2 alone is 502, and sees nothing of the handshake', async () => {
    const up = await h2Origin((stream) => {
      stream.respond({ ':status': 200 })
      stream.end()
    })
    const { port } = await running(over('h2c', up.origin))
    expect((await rawRequest(port, handshake())).response.status).toBe(502)
    expect(up.streams).toHaveLength(0)
  })

  test('an upstream that says nothing of HTTP/2 is asked over HTTP/1.1', async () => {
    const service = await webSocketService()
    const { port } = await running(over('auto', service.origin))
    const client = await openClient(port)
    client.socket.send('plain')
    expect(await client.next()).toBe('plain')
  })
})

async function rawTunnelOffering(port: number, path: string): Promise<Awaited<ReturnType<typeof rawTunnel>>> {
  return rawTunnel(port, path, { 'Sec-WebSocket-Protocol': 'a, b' })
}
