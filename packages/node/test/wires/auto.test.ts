import { callOf, collected, ending, failure } from './support/calls.ts'
import { createServer as createHttps } from 'node:https'
import { createSecureServer } from 'node:http2'
import { describe, expect, it, onTestFinished } from 'vitest'
import { h2Origin } from './support/h2-origin.ts'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { service } from '../support/upstreams.ts'
import { testCertificates } from '@octopus-gateway/testing'
import { Wires } from '../../src/wires.ts'
import { GatewayError } from '@octopus-gateway/core'
import type { AddressInfo } from 'node:net'
import type { Asked } from './support/calls.ts'
import type { Transport } from '@octopus-gateway/core'
import type { TLSSocket } from 'node:tls'

const { ca, server: certificate } = testCertificates()
const AUTO: Transport = { protocol: 'auto', tls: { ca } }

/** A TLS server that speaks HTTP/1.1, or both, and tells what was agreed on each connection. */
async function tlsOrigin(speaks: 'http/1.1' | 'both'): Promise<{ readonly origin: string; readonly agreed: string[]; stop(): void }> {
  const agreed: string[] = []
  const answer = (request: { httpVersion: string } & Readable, response: { end(text: string): void }): void => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => response.end(`${request.httpVersion} ${body}`.trim()))
  }
  const server =
    speaks === 'both'
      ? createSecureServer({ ...certificate, allowHTTP1: true }, answer as never)
      : createHttps({ ...certificate, ALPNProtocols: ['http/1.1'] }, answer as never)
  const sockets: TLSSocket[] = []
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.push(socket)
    agreed.push(socket.alpnProtocol || 'nothing')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(stop)
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, agreed, stop }
}

function asking(origin: string): { wires: Wires; ask(more?: Partial<Asked>): Promise<string> } {
  const wires = ending(new Wires())
  return {
    wires,
    ask: async (more = {}) => (await collected(wires.send(callOf({ origin, transport: AUTO, ...more })).answer)).body.toString(),
  }
}

describe('auto', () => {
  it('speaks HTTP/1.1 in the clear, and HTTP/2 for gRPC', async () => {
    const plain = await service()
    expect(JSON.parse(await asking(plain.origin).ask())).toMatchObject({ method: 'GET' })
    const grpc = await h2Origin((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end()
    })
    expect(await asking(grpc.origin).ask({ protocol: 'grpc', method: 'POST' })).toBe('')
    expect(grpc.streams).toHaveLength(1)
  })

  it('speaks what TLS agrees on', async () => {
    const both = await tlsOrigin('both')
    expect(await asking(both.origin).ask()).toBe('2.0')
    expect(both.agreed).toEqual(['h2'])
    const old = await tlsOrigin('http/1.1')
    expect(await asking(old.origin).ask()).toBe('1.1')
  })

  it('asks once, also when many requests come at once', async () => {
    const old = await tlsOrigin('http/1.1')
    const { ask } = asking(old.origin)
    expect(await Promise.all(Array.from({ length: 10 }, () => ask()))).toEqual(Array.from({ length: 10 }, () => '1.1'))
    // One connection to ask, and at most one for each request.
    expect(old.agreed.length).toBeLessThanOrEqual(11)
    const before = old.agreed.length
    await ask()
    expect(old.agreed.length).toBe(before)
  })

  it('does not read a byte of a body before it knows', async () => {
    const old = await tlsOrigin('http/1.1')
    const { ask } = asking(old.origin)
    const headers = ['host', 'a.test', 'content-length', '9']
    expect(await ask({ method: 'POST', headers, body: Readable.from([Buffer.from('some body')]) })).toBe('1.1 some body')
  })

  it('goes back to HTTP/1.1 when an endpoint that spoke HTTP/2 is replaced by one that does not', async () => {
    const both = await tlsOrigin('both')
    const { ask } = asking(both.origin)
    expect(await ask()).toBe('2.0')
    both.stop()
    await replaced(Number(new URL(both.origin).port))
    expect(await eventually(ask, '1.1')).toBe('1.1')
  })

  it('gRPC is not sent where TLS agrees on HTTP/1.1', async () => {
    const old = await tlsOrigin('http/1.1')
    const { wires } = asking(old.origin)
    const error = await failure(wires.send(callOf({ origin: old.origin, transport: AUTO, protocol: 'grpc', method: 'POST' })).answer)
    expect(error.code).toBe('UPSTREAM_PROTOCOL')
  })

  it('can be given up while TLS is being agreed on', async () => {
    const old = await tlsOrigin('http/1.1')
    const { wires } = asking(old.origin)
    const sending = wires.send(callOf({ origin: old.origin, transport: AUTO }))
    const failed = failure(sending.answer)
    sending.abort(new GatewayError('CLIENT_CLOSED'))
    expect((await failed).code).toBe('CLIENT_CLOSED')
  })
})

describe('a protocol that is settled', () => {
  it('h2 is not spoken where TLS does not agree on it', async () => {
    const old = await tlsOrigin('http/1.1')
    const { wires } = asking(old.origin)
    const error = await failure(wires.send(callOf({ origin: old.origin, transport: { protocol: 'h2', tls: { ca } } })).answer)
    expect(error.code).toBe('UPSTREAM_PROTOCOL')
    expect(old.agreed).not.toContain('h2')
  })

  it('http1 is spoken with an endpoint that could do better', async () => {
    const both = await tlsOrigin('both')
    expect(await asking(both.origin).ask({ transport: { protocol: 'http1', tls: { ca } } })).toBe('1.1')
    expect(both.agreed).toEqual(['http/1.1'])
  })

  it('http1 carries no gRPC', async () => {
    const plain = await service()
    const { wires } = asking(plain.origin)
    const asked = callOf({ origin: plain.origin, transport: { protocol: 'http1', tls: null }, protocol: 'grpc', method: 'POST' })
    expect((await failure(wires.send(asked).answer)).code).toBe('UPSTREAM_PROTOCOL')
    expect(plain.count).toBe(0)
  })
})

/** Something else listens on the port: HTTP/1.1 only. */
async function replaced(port: number): Promise<void> {
  const server = createHttps({ ...certificate, ALPNProtocols: ['http/1.1'] }, (request, response) => response.end(request.httpVersion))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
}

async function eventually(ask: () => Promise<string>, wanted: string): Promise<string> {
  let last = ''
  for (let i = 0; i < 50 && last !== wanted; i++) last = await ask().catch((thrown: Error) => thrown.message)
  return last
}
