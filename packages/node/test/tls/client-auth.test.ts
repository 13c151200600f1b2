import { describe, expect, test } from 'vitest'
import { get } from './support/client.ts'
import { newAuthority, testCertificates } from '@octopus-gateway/testing'
import { running } from '../support/running.ts'
import { service, to } from '../support/upstreams.ts'
import { X509Certificate } from 'node:crypto'
import type { ClientCertificate, GatewayOptions, Plugin } from '@octopus-gateway/core'
import type { Service } from '@octopus-gateway/testing'

const { ca, server, client, issue } = testCertificates()

function tls(mode: 'required' | 'optional'): {
  port: number
  certificates: (typeof server)[]
  clientAuth: { ca: string; mode: typeof mode }
} {
  return { port: 0, certificates: [server], clientAuth: { ca, mode } }
}

/** Records the certificates that plugins see. */
function watched(up: Service): { options: GatewayOptions; seen: (ClientCertificate | undefined)[] } {
  const seen: (ClientCertificate | undefined)[] = []
  const plugin: Plugin = {
    name: 'watch',
    version: '1.0.0',
    identity: { name: 'watch', version: '1.0.0', config: seen },
    setup: () => ({ onRequest: (ctx) => void seen.push(ctx.client.certificate) }),
  }
  return { options: { ...to(up), plugins: [plugin] }, seen }
}

describe('client certificates', () => {
  test('[R10] a verified one is known by its fingerprint and its whole alternative names, never by its common name', async () => {
    const up = await service()
    const { options, seen } = watched(up)
    const evil = issue({
      names: ['evilinternal.test', 'URI:spiffe://shop/users', 'email:ann@shop.test', '10.0.0.7'],
      commonName: 'internal',
    })
    const { server: listening } = await running(options, { tls: tls('required') })
    expect((await get(listening.tls!.port, evil)).status).toBe(200)
    expect(seen).toEqual([
      {
        fingerprint: new X509Certificate(evil.cert).fingerprint256.replaceAll(':', '').toLowerCase(),
        names: ['DNS:evilinternal.test', 'URI:spiffe://shop/users', 'email:ann@shop.test', 'IP:10.0.0.7'],
      },
    ])
    expect(JSON.stringify(seen)).not.toContain('"internal"')
  })

  test('[R10] a name that holds a comma stays one name', async () => {
    const up = await service()
    const { options, seen } = watched(up)
    const tricky = issue({ names: ['URI:http://a.test/, DNS:internal.test', 'b.test'] })
    const { server: listening } = await running(options, { tls: tls('required') })
    expect((await get(listening.tls!.port, tricky)).status).toBe(200)
    expect(seen[0]!.names).toEqual(['URI:http://a.test/, DNS:internal.test', 'DNS:b.test'])
  })

  test('required: without one, with one of another authority, with one that has expired there is no request', async () => {
    const up = await service()
    const { options } = watched(up)
    const { server: listening } = await running(options, { tls: tls('required') })
    const { port } = listening.tls!
    await expect(get(port)).rejects.toThrow()
    await expect(get(port, newAuthority().client)).rejects.toThrow()
    await expect(get(port, issue({ names: ['late.test'], validFor: -1000 }))).rejects.toThrow()
    await expect(get(port, issue({ names: ['server.test'], usage: 'server' }))).rejects.toThrow()
    expect(up.count).toBe(0)
    expect((await get(port, client)).status).toBe(200)
  })

  test('optional: without one the request goes on without a certificate; one that does not hold is refused', async () => {
    const up = await service()
    const { options, seen } = watched(up)
    const { server: listening } = await running(options, { tls: tls('optional') })
    const { port } = listening.tls!
    expect((await get(port)).status).toBe(200)
    expect((await get(port, client)).status).toBe(200)
    expect(seen.map((certificate) => certificate?.names)).toEqual([undefined, ['DNS:client.test', 'URI:spiffe://test/client']])
    await expect(get(port, newAuthority().client)).rejects.toThrow()
    await expect(get(port, issue({ names: ['late.test'], validFor: -1000 }))).rejects.toThrow()
    expect(up.count).toBe(2)
  })

  test('without `clientAuth` nobody is asked, and what is shown is not believed', async () => {
    const up = await service()
    const { options, seen } = watched(up)
    const { server: listening } = await running(options, { tls: { port: 0, certificates: [server] } })
    expect((await get(listening.tls!.port, client)).status).toBe(200)
    expect(seen).toEqual([undefined])
  })

  test("[R10] the certificate of a trusted proxy is not its client's", async () => {
    const up = await service()
    const { options, seen } = watched(up)
    const { server: listening } = await running({ ...options, trustedProxies: ['127.0.0.1'] }, { tls: tls('required') })
    expect((await get(listening.tls!.port, client)).status).toBe(200)
    expect(seen).toEqual([undefined])
  })

  test('a resumed session still knows its certificate', async () => {
    const up = await service()
    const { options, seen } = watched(up)
    const { server: listening } = await running(options, { tls: tls('required') })
    const { connect } = await import('node:tls')
    let session: Buffer | undefined
    const ask = (given?: Buffer): Promise<boolean> =>
      new Promise((resolve, reject) => {
        const socket = connect({
          host: '127.0.0.1',
          port: listening.tls!.port,
          ca,
          servername: 'localhost',
          ...client,
          ...(given && { session: given }),
        })
        socket.on('session', (next) => (session = next))
        socket.on('error', reject)
        socket.once('data', () => {
          resolve(socket.isSessionReused())
          socket.destroy()
        })
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      })
    expect(await ask()).toBe(false)
    expect(await ask(session)).toBe(true)
    expect(seen[1]).toEqual(seen[0])
    expect(seen[1]!.names).toContain('DNS:client.test')
  })
})
