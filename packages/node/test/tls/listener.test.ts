import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { createGateway, ConfigError } from '@octopus-gateway/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gauge, running } from '../support/running.ts'
import { get, handshake } from './support/client.ts'
import { once } from 'node:events'
import { rawRequest, testCertificates, waitFor } from '@octopus-gateway/testing'
import { serve } from '@octopus-gateway/node'
import { service, to } from '../support/upstreams.ts'
import { X509Certificate } from 'node:crypto'
import type { ServeOptions } from '@octopus-gateway/node'

const { ca, server, issue, client } = testCertificates()
const tls = { port: 0, certificates: [server] }

async function timed(work: Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work
  return performance.now() - before
}

describe('the TLS listener', () => {
  test('listens beside HTTP; its URL can be opened; the upstream learns that the client spoke TLS', async () => {
    const up = await service()
    const { server: listening, port } = await running(to(up), { tls })
    expect(listening.tls).toEqual({ url: `https://127.0.0.1:${listening.tls!.port}`, port: expect.any(Number) })
    expect(listening.tls!.port).not.toBe(port)
    expect((await get(listening.tls!.port)).status).toBe(200)
    expect((await fetch(listening.url)).status).toBe(200)
    expect(up.requests.map((request) => request.header('x-forwarded-proto'))).toEqual(['https', 'http'])
  })

  test('without `tls` there is none', async () => {
    const { server: listening } = await running({ routes: [] })
    expect(listening.tls).toBeUndefined()
  })

  test('ALPN: HTTP/2, HTTP/1.1, and HTTP/1.1 for a client that says nothing', async () => {
    const { server: listening } = await running({ routes: [] }, { tls })
    const { port } = listening.tls!
    expect((await handshake(port, { ALPNProtocols: ['http/1.1', 'h2'] })).alpnProtocol).toBe('h2')
    expect((await handshake(port, { ALPNProtocols: ['http/1.1'] })).alpnProtocol).toBe('http/1.1')
    const silent = await handshake(port)
    silent.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(silent, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404/)
    await expect(handshake(port, { ALPNProtocols: ['spdy/3'] })).rejects.toThrow()
  })

  test('HTTP/2 over TLS serves requests', async () => {
    const up = await service()
    const { server: listening } = await running(to(up), { tls })
    const session = connectHttp2(`https://localhost:${listening.tls!.port}`, {
      ca,
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never, 4),
    })
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':path': '/x?y' })
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect(head[':status']).toBe(200)
    stream.resume()
    await once(stream, 'close')
    expect(up.requests[0]!.url).toBe('/x?y')
    expect(up.requests[0]!.header('x-forwarded-proto')).toBe('https')
    expect(up.requests[0]!.header('host')).toBe(`localhost:${listening.tls!.port}`)
  })

  test('`minVersion` is kept', async () => {
    const strict = await running({ routes: [] }, { tls: { ...tls, minVersion: 'TLSv1.3' } })
    await expect(handshake(strict.server.tls!.port, { maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect((await handshake(strict.server.tls!.port)).getProtocol()).toBe('TLSv1.3')
    const usual = await running({ routes: [] }, { tls })
    expect((await handshake(usual.server.tls!.port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2')
    await expect(
      handshake(usual.server.tls!.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    ).rejects.toThrow()
  })

  test('a client that begins no handshake, or speaks something else, is cut; others go on', async () => {
    const { server: listening, gateway } = await running({ routes: [] }, { tls, timeouts: { header: '300ms' } })
    const { port } = listening.tls!
    const silent = connectTcp(port, '127.0.0.1')
    silent.on('error', () => {})
    silent.resume()
    await once(silent, 'connect')
    expect((await rawRequest(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', { responses: Infinity })).responses).toEqual([])
    await waitFor(() => silent.destroyed, { timeout: 3000 })
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 0)
    expect((await get(port)).status).toBe(404)
  })

  test('connections of both listeners are counted, and limited, together', async () => {
    const { server: listening, gateway, port } = await running({ routes: [] }, { tls, limits: { connections: 2 } })
    const plain = connectTcp(port, '127.0.0.1')
    onTestFinished(() => void plain.destroy())
    await once(plain, 'connect')
    const secure = await handshake(listening.tls!.port)
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 2)
    await expect(handshake(listening.tls!.port)).rejects.toThrow()
    secure.destroy()
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 1)
    expect((await get(listening.tls!.port)).status).toBe(404)
  })

  test('a port that is taken rejects, whichever of the two it is, and leaves no listener behind', async () => {
    const { gateway, server: listening, port } = await running({ routes: [] }, { tls })
    const again = (options: ServeOptions): Promise<unknown> => serve(gateway, { host: '127.0.0.1', ...options })
    const free = await running({ routes: [] })
    await free.server.close()
    await expect(again({ port: free.port, tls: { ...tls, port: listening.tls!.port } })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(again({ port, tls: { ...tls, port: free.port } })).rejects.toMatchObject({ code: 'EADDRINUSE', port })
    await expect(fetch(`http://127.0.0.1:${free.port}`)).rejects.toThrow()
  })

  test.each([
    ['no certificate', { port: 0, certificates: [] }, 'tls.certificates'],
    ['a file that is not there', { port: 0, certificates: [{ ...server, cert: '/nowhere/tls.crt' }] }, 'tls.certificates[0].cert'],
    ['a key of another certificate', { port: 0, certificates: [server, { ...server, key: client.key }] }, 'tls.certificates[1]'],
    [
      'a certificate that is none',
      { port: 0, certificates: [{ ...server, cert: '-----BEGIN CERTIFICATE-----\nx\n' }] },
      'tls.certificates[0]',
    ],
    ['a broken authority', { ...tls, clientAuth: { ca: '-----BEGIN NOTHING-----', mode: 'required' as const } }, 'tls.clientAuth.ca'],
  ])('%s is a ConfigError that says where', async (_title, options, path) => {
    const gateway = createGateway({ routes: [] })
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    const failed: unknown = await serve(gateway, { port: 0, tls: options }).catch((thrown: unknown) => thrown)
    expect(failed).toBeInstanceOf(ConfigError)
    expect((failed as ConfigError).issues.map((issue) => issue.path)).toEqual([path])
    expect((failed as ConfigError).message).not.toContain('PRIVATE')
  })
})

describe('closing', () => {
  test('[R36] an idle server closes at once: before, in and after a handshake, HTTP/1.1 and HTTP/2', async () => {
    const { server: listening, gateway } = await running({ routes: [] }, { tls })
    const { port } = listening.tls!
    const fresh = connectTcp(port, '127.0.0.1')
    fresh.on('error', () => {})
    await once(fresh, 'connect')
    await handshake(port)
    const kept = await handshake(port, { ALPNProtocols: ['http/1.1'] })
    kept.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(kept, 'data')
    await handshake(port, { ALPNProtocols: ['h2'] })
    await waitFor(() => gauge(gateway, 'octopus_active_connections') === 4)
    expect(await timed(listening.close({ grace: '10s' }))).toBeLessThan(3_000)
    expect(gauge(gateway, 'octopus_active_connections')).toBe(0)
    await expect(handshake(port)).rejects.toThrow()
  })

  test('[R36] a request under way over TLS finishes and ends its connection', async () => {
    let answer: () => void = () => {}
    const up = await service((_request, response) => {
      answer = () => void response.end('finished')
    })
    const { server: listening } = await running(to(up), { tls })
    const asking = get(listening.tls!.port)
    await waitFor(() => up.count === 1)
    const closing = listening.close({ grace: '10s' })
    answer()
    expect((await asking).body).toBe('finished')
    expect(await timed(closing)).toBeLessThan(5_000)
  })
})

test('the certificate is the one that was given', async () => {
  const { server: listening } = await running({ routes: [] }, { tls: { port: 0, certificates: [issue({ names: ['localhost'] }), server] } })
  const shown = await get(listening.tls!.port)
  expect(shown.fingerprint).not.toBe(new X509Certificate(server.cert).fingerprint256)
})
