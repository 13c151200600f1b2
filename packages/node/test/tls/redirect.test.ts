import { connect } from 'node:http2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { get } from './support/client.ts'
import { once } from 'node:events'
import { rawRequest, testCertificates } from '@octopus-gateway/testing'
import { running } from '../support/running.ts'
import { service, to } from '../support/upstreams.ts'
import type { Server } from '@octopus-gateway/node'
import type { Service } from '@octopus-gateway/testing'

const { issue } = testCertificates()

async function redirecting(): Promise<{ up: Service; port: number; server: Server }> {
  const up = await service()
  const certificate = issue({ names: ['localhost', 'shop.test', '*.shop.test', '127.0.0.1', '::1'] })
  const { port, server } = await running(to(up), { tls: { port: 0, certificates: [certificate], redirectHttp: true } })
  return { up, port, server }
}

describe('redirectHttp', () => {
  test('everything in the clear is sent to HTTPS: same host, same target, byte for byte', async () => {
    const { up, port, server } = await redirecting()
    const tlsPort = server.tls!.port
    const cases: [request: string, location: string][] = [
      ['GET /a%20b?c=%2F HTTP/1.1\r\nHost: shop.test', `https://shop.test:${tlsPort}/a%20b?c=%2F`],
      ['GET / HTTP/1.1\r\nHost: www.shop.test:8080', `https://www.shop.test:${tlsPort}/`],
      ['GET / HTTP/1.1\r\nHost: 127.0.0.1:8080', `https://127.0.0.1:${tlsPort}/`],
      ['GET / HTTP/1.1\r\nHost: [::1]:8080', `https://[::1]:${tlsPort}/`],
      ['GET http://shop.test/x HTTP/1.1\r\nHost: localhost', `https://shop.test:${tlsPort}/x`],
      ['POST /p HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1\r\n\r\nx', `https://shop.test:${tlsPort}/p`],
    ]
    for (const [request, location] of cases) {
      const { response } = await rawRequest(port, request.includes('\r\n\r\n') ? request : `${request}\r\n\r\n`)
      expect([request, response.status, response.field('location')]).toEqual([request, 308, location])
    }
    expect(up.count).toBe(0)
    expect((await get(tlsPort)).status).toBe(200)
  })

  test('the redirect never leads elsewhere: a host without a certificate is 421, a broken one 400', async () => {
    const { port } = await redirecting()
    const cases: [request: string, status: number][] = [
      ['GET / HTTP/1.1\r\nHost: evil.test', 421],
      ['GET / HTTP/1.1\r\nHost: shop.test.evil.test', 421],
      ['GET http://evil.test/ HTTP/1.1\r\nHost: shop.test', 421],
      ['GET / HTTP/1.1\r\nHost: shop.test@evil.test', 400],
      ['GET / HTTP/1.1\r\nHost: shop.test/x', 400],
      ['GET / HTTP/1.1\r\nHost: shop.test\r\nHost: evil.test', 400],
      ['GET / HTTP/1.1', 400],
      ['GET //evil.test/ HTTP/1.1\r\nHost: shop.test', 400],
    ]
    for (const [request, status] of cases) {
      const { response } = await rawRequest(port, `${request}\r\n\r\n`)
      expect([request, response.status, response.field('location')]).toEqual([request, status, undefined])
    }
  })

  test('HTTP/2 in the clear is redirected as well', async () => {
    const { up, port, server } = await redirecting()
    const session = connect(`http://localhost:${port}`, {
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never, 4),
    })
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':path': '/x' })
    stream.resume()
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect([head[':status'], head['location']]).toEqual([308, `https://localhost:${server.tls!.port}/x`])
    expect(up.count).toBe(0)
  })
})
