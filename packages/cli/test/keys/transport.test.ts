import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from 'node:http2'
import { once } from 'node:events'
import { newAuthority, respondWith, startRawServer, testCertificates } from '@octopus-gateway/testing'
import { running } from './running.ts'
import { upstream } from './yaml.ts'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'

const { ca, issue } = testCertificates()
const FILES = { 'ca.pem': ca, 'other.pem': newAuthority().ca }
const certificate = issue({ names: ['127.0.0.1', 'inner.test'] })
const HTTPS = 'scheme: https, retries: 0'

let secure: Http2SecureServer
let plain: Http2Server
let port: number
let plainPort: number
/** The names that were asked for. */
const asked: unknown[] = []
beforeAll(async () => {
  // It speaks HTTP/1.1 too.
  secure = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => void response.end(request.httpVersion))
  secure.on('secureConnection', (socket: TLSSocket) => asked.push(socket.servername))
  plain = createServer((request, response) => void response.end(request.httpVersion))
  for (const server of [secure, plain]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  port = (secure.address() as AddressInfo).port
  plainPort = (plain.address() as AddressInfo).port
})
afterAll(() => {
  secure.close()
  plain.close()
})

/** The version of HTTP that the upstream is spoken to with, or the status that says why there is none. */
async function spoken(at: number, more: string): Promise<string | number> {
  await using gateway = await running(upstream(at, { upstream: more }), { files: FILES })
  const response = await fetch(gateway.url)
  const text = await response.text()
  return response.ok ? text : response.status
}

behaviour('upstreams[].protocol', 'auto, the default, and http1 speak HTTP/1.1 in the clear', async () => {
  await using raw = await startRawServer(respondWith('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  for (const more of ['timeout: 5s', 'protocol: auto', 'protocol: http1']) {
    await using gateway = await running(upstream(raw.port, { upstream: more }))
    expect(await gateway.status('/')).toBe(200)
    expect(raw.received.at(-1)).toMatch(/^GET \/ HTTP\/1\.1\r\n/)
  }
})

behaviour('routing.upstream_client', 'undici takes a status line that the native client, the default, refuses', async () => {
  await using raw = await startRawServer(respondWith('HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'))
  for (const [client, status] of [
    ['', 502],
    ['upstream_client: native', 502],
    ['upstream_client: undici', 200],
  ] as const) {
    await using gateway = await running(`routing: { ${client} }\n${upstream(raw.port)}`)
    expect(await gateway.status('/')).toBe(status)
  }
})

behaviour('upstreams[].protocol', 'h2c speaks HTTP/2 in the clear', async () => {
  expect(await spoken(plainPort, 'protocol: h2c')).toBe('2.0')
})

behaviour('upstreams[].protocol', 'over TLS h2 speaks HTTP/2, http1 HTTP/1.1, auto what the upstream likes best', async () => {
  const trusting = `${HTTPS}, tls: { ca: ca.pem }`
  expect(await spoken(port, `${trusting}, protocol: h2`)).toBe('2.0')
  expect(await spoken(port, `${trusting}, protocol: http1`)).toBe('1.1')
  expect(await spoken(port, trusting)).toBe('2.0')
})

behaviour('upstreams[].tls.ca', 'is trusted, and nobody else', async () => {
  expect([await spoken(port, `${HTTPS}, tls: { ca: ca.pem }`), await spoken(port, `${HTTPS}, tls: { ca: other.pem }`)]).toEqual([
    '2.0',
    502,
  ])
  expect(await spoken(port, HTTPS)).toBe(502)
})

behaviour('upstreams[].tls.verify', 'false takes every certificate, true, the default, does not', async () => {
  expect(await spoken(port, `${HTTPS}, tls: { verify: false }`)).toBe('2.0')
  expect([await spoken(port, `${HTTPS}, tls: { verify: true }`), await spoken(port, `${HTTPS}, tls: {}`)]).toEqual([502, 502])
})

behaviour('upstreams[].tls.server_name', 'is asked for and has to be in the certificate', async () => {
  expect(await spoken(port, `${HTTPS}, tls: { ca: ca.pem, server_name: inner.test }`)).toBe('2.0')
  expect(asked.at(-1)).toBe('inner.test')
  expect(await spoken(port, `${HTTPS}, tls: { ca: ca.pem, server_name: another.test }`)).toBe(502)
})
