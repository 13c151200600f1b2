import { connect, createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { newAuthority, testCertificates } from './certificates.ts'
import { once } from 'node:events'
import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'

async function greet(options: ConnectionOptions): Promise<TLSSocket> {
  const { ca, server } = testCertificates()
  const listening = createServer({ ...server, ca, requestCert: true, rejectUnauthorized: true }, (socket) => socket.end('hello'))
  onTestFinished(() => void listening.close())
  listening.on('tlsClientError', () => {})
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const socket = connect({ host: '127.0.0.1', port: (listening.address() as AddressInfo).port, ca, ...options })
  onTestFinished(() => void socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve())
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed without a word')))
  })
  return socket
}

test('the server and the client trust each other, by name and by address', async () => {
  const { client } = testCertificates()
  expect((await greet({ ...client, servername: 'localhost' })).authorized).toBe(true)
  expect((await greet({ ...client })).authorized).toBe(true)
})

test('another name, another authority and no certificate are refused', async () => {
  const { client } = testCertificates()
  await expect(greet({ ...client, servername: 'other.test' })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await expect(greet({ ...client, ca: newAuthority().ca })).rejects.toThrow()
  await expect(greet({ ...newAuthority().client })).rejects.toThrow()
  await expect(greet({})).rejects.toThrow()
})

test('a certificate says what was asked for', () => {
  const { ca, issue } = testCertificates()
  const names = ['a.test', '*.b.test', '10.0.0.7', 'fd00::1', 'URI:spiffe://shop/users', 'email:ann@shop.test']
  const certificate = new X509Certificate(issue({ names, commonName: 'ann', validFor: -1000 }).cert)
  expect(certificate.subjectAltName).toBe(
    'DNS:a.test, DNS:*.b.test, IP Address:10.0.0.7, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://shop/users, email:ann@shop.test',
  )
  expect(certificate.subject).toBe('CN=ann')
  expect(new Date(certificate.validTo).getTime()).toBeLessThan(Date.now())
  expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true)
  expect(testCertificates()).toBe(testCertificates())
})
