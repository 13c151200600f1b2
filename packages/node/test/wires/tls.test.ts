import { callOf, collected, ending, failure } from './support/calls.ts'
import { createServer as createHttps } from 'node:https'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { h2Origin } from './support/h2-origin.ts'
import { newAuthority, testCertificates } from '@octopus-gateway/testing'
import { once } from 'node:events'
import { Wires } from '../../src/wires.ts'
import type { AddressInfo, Server } from 'node:net'
import type { TestCertificate } from '@octopus-gateway/testing'
import type { TlsOptions, TLSSocket } from 'node:tls'
import type { UpstreamProtocol, UpstreamTls } from '@octopus-gateway/core'

/** What a TLS server heard of its clients. */
interface Heard {
  readonly origin: string
  /** SNI of every connection; `false` without one. */
  readonly names: readonly (string | false | null)[]
  readonly resumed: readonly boolean[]
}

type Start = (certificate: TestCertificate, options?: TlsOptions) => Promise<Heard>

async function http1(certificate: TestCertificate, options: TlsOptions = {}): Promise<Heard> {
  const names: (string | false | null)[] = []
  const resumed: boolean[] = []
  const server = createHttps({ ...certificate, ...options }, (_request, response) => response.end('secret'))
  server.on('secureConnection', (socket: TLSSocket) => {
    names.push(socket.servername as string | false | null)
    resumed.push(socket.isSessionReused())
  })
  return { origin: `https://127.0.0.1:${await listening(server)}`, names, resumed }
}

async function h2(certificate: TestCertificate, options: TlsOptions = {}): Promise<Heard> {
  const { origin, sockets } = await h2Origin(
    (stream) => {
      stream.respond({ ':status': 200 })
      stream.end('secret')
    },
    { tls: true, ...certificate, ...options },
  )
  // Connections are still to come.
  return {
    origin,
    get names() {
      return sockets.map((socket) => (socket as TLSSocket & { servername: string | false | null }).servername)
    },
    get resumed() {
      return sockets.map((socket) => (socket as TLSSocket).isSessionReused())
    },
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    ;(server as Server & { closeAllConnections?(): void }).closeAllConnections?.()
  })
  return (server.address() as AddressInfo).port
}

const lanes: [UpstreamProtocol, Start][] = [
  ['http1', http1],
  ['h2', h2],
]

describe.each(lanes)('TLS to an upstream over %s', (protocol, start) => {
  const { ca, server, issue } = testCertificates()
  const ask = (origin: string, tls: UpstreamTls | null, host = 'client.test') =>
    ending(new Wires()).send(callOf({ origin, transport: { protocol, tls }, headers: ['host', host] })).answer

  it('trusts the given authority, and asks for no name where the endpoint is an address', async () => {
    const heard = await start(server)
    expect((await collected(ask(heard.origin, { ca }))).body.toString()).toBe('secret')
    expect(heard.names).toEqual([false])
  })

  it('asks for the host of the endpoint, and never for what the client wrote into Host', async () => {
    const heard = await start(server)
    await collected(ask(heard.origin.replace('127.0.0.1', 'localhost'), { ca }, 'evil.test'))
    expect(heard.names).toEqual(['localhost'])
  })

  it('asks for the name it is told to, and expects it in the certificate', async () => {
    const heard = await start(issue({ names: ['users.internal'] }))
    expect((await collected(ask(heard.origin, { ca, serverName: 'users.internal' }))).status).toBe(200)
    expect(heard.names).toEqual(['users.internal'])
    const error = await failure(ask(heard.origin, { ca, serverName: 'orders.internal' }))
    expect(error.code).toBe('UPSTREAM_CONNECT')
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('expects an address in the certificate when it is told an address', async () => {
    const heard = await start(issue({ names: ['10.0.0.7'] }))
    expect((await collected(ask(heard.origin, { ca, serverName: '10.0.0.7' }))).status).toBe(200)
    expect((await failure(ask(heard.origin, { ca }))).code).toBe('UPSTREAM_CONNECT')
  })

  it.each([
    [
      'an authority that is not trusted',
      () => newAuthority().server,
      { ca },
      'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT',
    ],
    ['no authority given', () => server, null, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT'],
    ['another name', () => issue({ names: ['other.test'] }), { ca }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['an expired certificate', () => issue({ names: ['127.0.0.1'], validFor: -60_000 }), { ca }, 'CERT_HAS_EXPIRED'],
  ])('refuses %s before it sends anything, and says why in the log only', async (_name, certificate, tls, code) => {
    const heard = await start(certificate())
    const error = await failure(ask(heard.origin, tls))
    expect(error.code).toBe('UPSTREAM_CONNECT')
    expect(error.message).toMatch(new RegExp(`^${heard.origin}: .*(${code})`))
    expect(error.toReply().body).not.toMatch(/127\.0\.0\.1|CERT|certificate/)
  })

  it('takes any certificate with verify: false', async () => {
    const heard = await start(issue({ names: ['other.test'], validFor: -60_000 }))
    expect((await collected(ask(heard.origin, { verify: false }))).status).toBe(200)
  })

  it('verifies whatever the environment says', async () => {
    const heard = await start(newAuthority().server)
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    // Node warns of the variable, once for the process.
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => {
      warn.mockRestore()
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    })
    expect((await failure(ask(heard.origin, { ca }))).code).toBe('UPSTREAM_CONNECT')
  })

  it('refuses TLS 1.1', async () => {
    const heard = await start(server, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
    expect((await failure(ask(heard.origin, { ca }))).code).toBe('UPSTREAM_CONNECT')
  })
})

it('transports do not share connections: what one does not verify is not used by another', async () => {
  const heard = await http1(newAuthority().server)
  const wires = ending(new Wires())
  const lax = { protocol: 'http1', tls: { verify: false } } as const
  const strict = { protocol: 'http1', tls: { ca: testCertificates().ca } } as const
  expect((await collected(wires.send(callOf({ origin: heard.origin, transport: lax })).answer)).status).toBe(200)
  expect((await failure(wires.send(callOf({ origin: heard.origin, transport: strict })).answer)).code).toBe('UPSTREAM_CONNECT')
})

it('requests for different hosts share connections', async () => {
  const heard = await http1(testCertificates().server)
  const wires = ending(new Wires())
  const transport = { protocol: 'http1', tls: { ca: testCertificates().ca } } as const
  for (let i = 0; i < 8; i++) {
    const host = `${i}.test`
    await collected(wires.send(callOf({ origin: heard.origin, transport, headers: ['host', host] })).answer)
  }
  expect(heard.names.length).toBeLessThanOrEqual(2)
})

it('further connections resume the TLS session', async () => {
  const heard = await http1(testCertificates().server)
  const wires = ending(new Wires())
  const transport = { protocol: 'http1', tls: { ca: testCertificates().ca } } as const
  await collected(wires.send(callOf({ origin: heard.origin, transport })).answer)
  await Promise.all(Array.from({ length: 3 }, () => collected(wires.send(callOf({ origin: heard.origin, transport })).answer)))
  expect(heard.resumed[0]).toBe(false)
  expect(heard.resumed.slice(1)).toContain(true)
})
