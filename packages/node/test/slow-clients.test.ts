import { active, gauge, running } from './support/running.ts'
import { connect as connectTls } from 'node:tls'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FRAME_TYPES, frame, headerBlock, rawHttp2, statusOf, testCertificates, waitFor } from '@octopus-gateway/testing'
import { once } from 'node:events'
import { service, to } from './support/upstreams.ts'
import type { Gateway } from '@octopus-gateway/core'
import type { Socket } from 'node:net'

function rejected(gateway: Gateway, reason: string): number {
  const found = new RegExp(`^octopus_rejected_connections_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(gateway.metrics.exposition())
  return Number(found?.[1] ?? 0)
}

function openRaw(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

function request(method: string, flags: number, stream = 1): Buffer {
  const fields: [string, string][] = [
    [':method', method],
    [':scheme', 'http'],
    [':path', '/x'],
    [':authority', 'a.test'],
  ]
  return frame({ type: FRAME_TYPES.headers, flags, stream, payload: headerBlock(fields) })
}

const timeouts = { header: '200ms', idle: '300ms' } as const
const endless = (
  _request: unknown,
  response: { write(bytes: Uint8Array): boolean; once(event: 'drain', go: () => void): unknown },
): void => {
  const pump = (): void => {
    while (response.write(Buffer.alloc(64 * 1024)));
    response.once('drain', pump)
  }
  pump()
}

describe('slow clients', () => {
  test('a head that never comes to its end: HTTP/1.1 in the clear and over TLS is told 408, counted', async () => {
    const tls = { port: 0, certificates: [testCertificates().server] }
    const { port, server, gateway } = await running({ routes: [] }, { timeouts, tls })
    const secure = connectTls({ port: server.tls!.port, host: '127.0.0.1', rejectUnauthorized: false })
    onTestFinished(() => void secure.destroy())
    secure.on('error', () => {})
    for (const socket of [openRaw(port), secure]) {
      let text = ''
      socket.on('data', (piece: Buffer) => (text += piece.toString()))
      socket.write('GET / HTTP/1.1\r\nHost: a')
      await waitFor(() => text.startsWith('HTTP/1.1 408'), { timeout: 4_000 })
    }
    const silent = openRaw(port)
    await once(silent.resume(), 'close')
    expect(rejected(gateway, 'header_timeout')).toBe(3)
  })

  test('a preface without settings ends with its connection, in the clear and over TLS, counted', async () => {
    const tls = { port: 0, certificates: [testCertificates().server] }
    const { port, server, gateway } = await running({ routes: [] }, { timeouts, tls })
    using raw = rawHttp2(port, { preface: false })
    raw.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
    const secure = connectTls({ port: server.tls!.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    onTestFinished(() => void secure.destroy())
    secure.on('error', () => {}).resume()
    await once(secure, 'close')
    await waitFor(() => raw.ended !== undefined)
    expect(rejected(gateway, 'header_timeout')).toBe(2)
  })

  test('a TLS handshake that never comes to its end is cut, and counted', async () => {
    const tls = { port: 0, certificates: [testCertificates().server] }
    const { server, gateway } = await running({ routes: [] }, { timeouts, tls })
    const socket = openRaw(server.tls!.port)
    await once(socket.resume(), 'close')
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
    expect(rejected(gateway, 'tls_handshake')).toBe(1)
  })

  test('a body that stops is 408 over HTTP/2, and other streams of the connection go on', async () => {
    const up = await service()
    const { port, gateway } = await running(to(up), { timeouts })
    using raw = rawHttp2(port)
    raw.write(request('POST', 4), frame({ type: FRAME_TYPES.data, stream: 1, payload: 'x' }))
    const head = await raw.frame('headers', 1, 4_000)
    expect(statusOf(head.payload)).toBe(408)
    raw.write(request('GET', 5, 3))
    expect(statusOf((await raw.frame('headers', 3)).payload)).toBe(200)
    await waitFor(() => active(gateway) === 0)
  })

  test('a client that reads nothing of its answer is let go after `idle`: HTTP/1.1', async () => {
    const up = await service(endless)
    const { port, gateway } = await running(to(up), { timeouts })
    const socket = openRaw(port)
    socket.write('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await waitFor(() => up.count === 1)
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0, { timeout: 6_000 })
    await waitFor(() => up.requests[0]!.state === 'aborted')
  })

  test('a client that reads nothing of its answer is let go after `idle`: HTTP/2, by its window, and other streams go on', async () => {
    const up = await service((request, response) => (request.url === '/x' ? endless(request, response) : void response.end('fine')))
    const { port } = await running(to(up), { timeouts })
    using raw = rawHttp2(port)
    raw.write(request('GET', 5))
    // Its window is 64 KiB, and it never opens it again.
    await raw.frame('reset', 1, 6_000)
    await waitFor(() => up.requests[0]!.state === 'aborted')
    expect(raw.ended).toBeUndefined()
  })
})

describe('limits of connections', () => {
  test('what is refused is counted by its reason', async () => {
    const { port, gateway } = await running({ routes: [] }, { limits: { connections: 3, connectionsPerIp: 2 } })
    const kept = [openRaw(port), openRaw(port)]
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 2)
    await once(openRaw(port).resume(), 'close')
    expect(rejected(gateway, 'connections_per_ip')).toBe(1)
    for (const socket of kept) socket.destroy()
    const { port: other, gateway: second } = await running({ routes: [] }, { limits: { connections: 1 } })
    openRaw(other)
    await waitFor(() => gauge(second, 'octopus_active_connections') === 1)
    await once(openRaw(other).resume(), 'close')
    expect(rejected(second, 'connections')).toBe(1)
  })

  test('the number per address is that of connections, whatever version they speak', async () => {
    const { port, gateway } = await running({ routes: [] }, { limits: { connectionsPerIp: 1 } })
    using first = rawHttp2(port)
    await first.frame('settings')
    using second = rawHttp2(port)
    await waitFor(() => second.ended !== undefined)
    expect([first.ended, rejected(gateway, 'connections_per_ip')]).toEqual([undefined, 1])
  })

  test('[R29] a flood over HTTP/2 and bytes that are no HTTP are counted', async () => {
    const { port, gateway } = await running({ routes: [] })
    using raw = rawHttp2(port)
    const settings = frame({ type: FRAME_TYPES.settings, payload: Buffer.from([0, 3, 0, 0, 0, 1]) })
    raw.write(...Array.from({ length: 500 }, () => settings))
    await waitFor(() => raw.ended !== undefined)
    expect(rejected(gateway, 'http2_flood')).toBe(1)
    openRaw(port).write('NONSENSE\r\n\r\n')
    await waitFor(() => rejected(gateway, 'malformed') === 1)
  })
})
