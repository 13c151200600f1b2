import { createServer as createHttps } from 'node:https'
import { describe, expect, onTestFinished, test } from 'vitest'
import { extendedConnect, http2Client } from './support/http2-client.ts'
import { frame, handshake } from './support/raw.ts'
import { newAuthority, rawRequest, testCertificates } from '@octopus-gateway/testing'
import { once } from 'node:events'
import { running } from '../support/running.ts'
import { to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'
import { webSocketService, wrap } from './support/peers.ts'
import { WebSocket, WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

const { ca, server: certificate, issue } = testCertificates()
const tls = { port: 0, certificates: [certificate] }

async function open(url: string): Promise<ReturnType<typeof wrap>> {
  const client = wrap(new WebSocket(url, { ca }))
  await once(client.socket, 'open')
  return client
}

/** A WebSocket service over TLS that echoes. */
async function secureService(own = certificate): Promise<{ origin: string; handshakes: IncomingMessage[] }> {
  const https = createHttps({ ...own, ALPNProtocols: ['http/1.1'] })
  const handshakes: IncomingMessage[] = []
  const server = new WebSocketServer({ server: https })
  server.on('connection', (socket, request) => {
    handshakes.push(request)
    socket.on('message', (data) => socket.send(data))
  })
  https.listen(0, '127.0.0.1')
  await once(https, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    https.close()
  })
  return { origin: `https://127.0.0.1:${(https.address() as AddressInfo).port}`, handshakes }
}

describe('wss towards clients', () => {
  test('a tunnel over TLS is one over HTTP/1.1; the upstream is told that it was secure', async () => {
    const up = await webSocketService()
    const { server } = await running(to(up), { tls })
    const client = await open(`wss://localhost:${server.tls!.port}/secure?x=1`)
    client.socket.send('hello')
    expect(await client.next()).toBe('hello')
    expect(up.handshakes[0]!.url).toBe('/secure?x=1')
    expect(up.handshakes[0]!.headers['x-forwarded-proto']).toBe('https')
    await server.close({ grace: '10s' })
    expect((await client.closed).code).toBe(1001)
  })

  test('extended CONNECT over TLS', async () => {
    const up = await webSocketService()
    const { server } = await running(to(up), { tls })
    const session = await http2Client(`https://localhost:${server.tls!.port}`, { ca })
    const tunnel = await extendedConnect(session, '/', { ':scheme': 'https', ':authority': `localhost:${server.tls!.port}` })
    expect(tunnel.headers[':status']).toBe(200)
    tunnel.stream.write(frame(1, 'sealed'))
    await waitFor(() => tunnel.bytes.equals(frame(1, 'sealed', { isMasked: false })))
  })

  test('where HTTP is redirected, a handshake in the clear is too, and a host of no certificate is 421', async () => {
    const up = await webSocketService()
    const { server, port } = await running(to(up), { tls: { ...tls, redirectHttp: true } })
    const redirected = await rawRequest(port, handshake('/room?x=1', { Host: 'localhost' }))
    expect(redirected.response.status).toBe(308)
    expect(redirected.response.field('location')).toBe(`https://localhost:${server.tls!.port}/room?x=1`)
    expect((await rawRequest(port, handshake('/', { Host: 'other.test' }))).response.status).toBe(421)
    expect(up.handshakes).toHaveLength(0)
  })

  test('an offer of h2c over TLS is served as the request it is', async () => {
    const up = await webSocketService()
    const { server } = await running({ ...to(up) }, { tls })
    const { request } = await import('node:https')
    const asked = request({
      host: 'localhost',
      port: server.tls!.port,
      ca,
      headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' },
    })
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    // What a service made of `ws` says to a request that is no handshake.
    expect(response.statusCode).toBe(426)
    response.resume()
    await once(response, 'end')
  })
})

describe('wss towards upstreams', () => {
  test('over TLS with the trust of the upstream, never with HTTP/2 by ALPN', async () => {
    const up = await secureService()
    const { port } = await running({
      upstreams: { up: { endpoints: [up.origin], tls: { ca }, protocol: 'auto' } },
      routes: [{ path: '/*', upstream: 'up' }],
    })
    const client = await open(`ws://127.0.0.1:${port}/`)
    client.socket.send('sealed')
    expect(await client.next()).toBe('sealed')
    expect((up.handshakes[0]!.socket as TLSSocket).alpnProtocol).toBe('http/1.1')
  })

  test.each([
    ['of an authority that is not trusted', () => newAuthority().server, undefined],
    ['for another name', () => issue({ names: ['other.test'] }), undefined],
    ['that is right for the name given', () => issue({ names: ['users.internal'] }), 'users.internal'],
  ])('a certificate %s', async (_what, own, serverName) => {
    const up = await secureService(own())
    const { port } = await running({
      upstreams: { up: { endpoints: [up.origin], tls: { ca, ...(serverName === undefined ? {} : { serverName }) } } },
      routes: [{ path: '/*', upstream: 'up' }],
    })
    const { response } = await rawRequest(port, handshake('/', { Host: '127.0.0.1' }), { responses: 1 })
    expect(response.status).toBe(serverName === undefined ? 502 : 101)
    expect(up.handshakes).toHaveLength(serverName === undefined ? 0 : 1)
  })
})
