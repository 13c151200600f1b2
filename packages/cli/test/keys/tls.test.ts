import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { closedPort, newAuthority, startService, testCertificates, waitFor, type Service } from '@octopus-gateway/testing'
import { handshake, statusOver } from './tls-client.ts'
import { refused, running, type Running, type RunOptions } from './running.ts'
import { upstream } from './yaml.ts'

const { ca, server, client, issue } = testCertificates()
const shop = issue({ names: ['shop.test'], usage: 'server' })
const FILES = { 'cert.pem': server.cert, 'key.pem': server.key, 'shop.pem': shop.cert, 'shop.key': shop.key, 'ca.pem': ca }
const PAIR = 'cert: cert.pem, key: key.pem'
const ANY_PORT = 'server: { https_port: 0 }\n'

let up: Service
beforeAll(async () => {
  up = await startService()
})
afterAll(() => up[Symbol.asyncDispose]())

/** A gateway with this under `tls`. */
const withTls = (tls: string, how: RunOptions = {}): Promise<Running & { readonly tlsPort: number }> =>
  running(`${ANY_PORT}tls: { ${tls} }\n${upstream(up.port)}`, { files: FILES, ...how }) as Promise<Running & { readonly tlsPort: number }>

behaviour('server.https_port', 'HTTPS is there, beside HTTP', async () => {
  const port = await closedPort()
  await using gateway = await running(`server: { https_port: ${port} }\ntls: { ${PAIR} }\n${upstream(up.port)}`, { files: FILES })
  expect(gateway.tlsPort).toBe(port)
  expect([await statusOver(port), await gateway.status('/')]).toEqual([200, 200])
})

behaviour('server.https_port', 'that is taken is told as such', async () => {
  const taken = `server: { https_port: ${up.port} }\ntls: { ${PAIR} }\n`
  const { code, err } = await refused(taken, { files: FILES })
  expect([code, err]).toEqual([69, expect.stringContaining(`port ${up.port} is in use, so the TLS listener cannot start on 127.0.0.1`)])
  expect(err).toContain('change server.https_port')
})

behaviour('server.https_port', 'is 8443 by default', async () => {
  const { code, err } = await refused(`server: { http_port: 8443 }\ntls: { ${PAIR} }`, { files: FILES })
  expect([code, err]).toEqual([78, expect.stringContaining('both want port 8443')])
})

behaviour('tls.enabled', 'true, the default, listens; false does not', async () => {
  for (const [tls, listens] of [
    ['enabled: true, ', true],
    ['', true],
    ['enabled: false, ', false],
  ] as const) {
    await using gateway = await withTls(tls + PAIR)
    expect(gateway.tlsPort !== null).toBe(listens)
    expect(await gateway.status('/')).toBe(200)
  }
})

behaviour('tls.cert', 'is shown, over HTTP/2 and HTTP/1.1, and again when its file changes', async () => {
  await using gateway = await withTls(PAIR)
  const names = async (): Promise<string> => (await handshake(gateway.tlsPort)).names
  expect(await names()).toContain('DNS:localhost')
  expect(await handshake(gateway.tlsPort, { ALPNProtocols: ['h2', 'http/1.1'] })).toMatchObject({ alpn: 'h2' })
  expect(await handshake(gateway.tlsPort, { ALPNProtocols: ['http/1.1'] })).toMatchObject({ alpn: 'http/1.1' })
  gateway.cli.file('cert.pem', shop.cert)
  gateway.cli.file('key.pem', shop.key)
  await waitFor(async () => (await names()).includes('DNS:shop.test'), { timeout: 12_000, what: 'the new certificate' })
})

behaviour('tls.key', 'may be the text itself, as the certificate may', async () => {
  const env = { CERT: server.cert, KEY: server.key }
  await using gateway = await withTls('cert: "${CERT}", key: "${KEY}"', { env })
  expect(await statusOver(gateway.tlsPort)).toBe(200)
})

behaviour('tls.certificates[].cert', 'is shown to who asks for its name, the default one to all others', async () => {
  await using gateway = await withTls(`${PAIR}, certificates: [{ cert: shop.pem, key: shop.key }]`)
  const shownTo = async (servername: string): Promise<string> => (await handshake(gateway.tlsPort, { servername })).names
  expect(await shownTo('shop.test')).toBe('DNS:shop.test')
  expect([await shownTo('localhost'), await shownTo('other.test')]).toEqual([
    expect.stringContaining('DNS:localhost'),
    expect.stringContaining('DNS:localhost'),
  ])
})

behaviour('tls.certificates[].key', 'has to belong to its certificate', async () => {
  const { code, err } = await refused(`${ANY_PORT}tls: { certificates: [{ cert: shop.pem, key: key.pem }] }`, { files: FILES })
  expect([code, err]).toEqual([78, expect.stringContaining('tls.certificates[0].key: does not belong to the certificate in cert')])
})

behaviour('tls.certificates[].hosts[]', 'are the names it is shown for instead of its own', async () => {
  await using gateway = await withTls(`${PAIR}, certificates: [{ cert: shop.pem, key: shop.key, hosts: ["*.other.test"] }]`)
  const shownTo = async (servername: string): Promise<string> => (await handshake(gateway.tlsPort, { servername })).names
  expect(await shownTo('www.other.test')).toBe('DNS:shop.test')
  expect(await shownTo('shop.test')).toContain('DNS:localhost')
})

behaviour('tls.min_version', '1.2, the default, or 1.3', async () => {
  const spoken = (gateway: { readonly tlsPort: number }): Promise<number | 'refused'> =>
    statusOver(gateway.tlsPort, { maxVersion: 'TLSv1.2' })
  for (const [version, expected] of [
    ['', 200],
    [', min_version: 1.2', 200],
    [', min_version: 1.3', 'refused'],
  ] as const) {
    await using gateway = await withTls(PAIR + version)
    expect([await spoken(gateway), await statusOver(gateway.tlsPort)]).toEqual([expected, 200])
  }
})

const stranger = newAuthority().client

behaviour('tls.client_auth.ca', 'signs the certificates that clients may show', async () => {
  await using gateway = await withTls(`${PAIR}, client_auth: { ca: ca.pem }`)
  expect([await statusOver(gateway.tlsPort, client), await statusOver(gateway.tlsPort, stranger)]).toEqual([200, 'refused'])
})

behaviour('tls.client_auth.mode', 'required, the default, refuses who shows none, optional does not', async () => {
  await using required = await withTls(`${PAIR}, client_auth: { ca: ca.pem, mode: required }`)
  await using standard = await withTls(`${PAIR}, client_auth: { ca: ca.pem }`)
  await using optional = await withTls(`${PAIR}, client_auth: { ca: ca.pem, mode: optional }`)
  const withoutOne = [required, standard, optional].map(({ tlsPort }) => statusOver(tlsPort))
  expect(await Promise.all(withoutOne)).toEqual(['refused', 'refused', 200])
  expect([await statusOver(optional.tlsPort, client), await statusOver(optional.tlsPort, stranger)]).toEqual([200, 'refused'])
})

behaviour('tls.redirect_http', 'true sends plain HTTP to HTTPS, which is not the default', async () => {
  await using gateway = await withTls(`${PAIR}, redirect_http: true`)
  const ask = async ({ port }: Running): Promise<Response> => fetch(`http://localhost:${port}/a?b=1`, { redirect: 'manual' })
  const answer = await ask(gateway)
  expect([answer.status, answer.headers.get('location')]).toEqual([308, `https://localhost:${gateway.tlsPort}/a?b=1`])
  await using standard = await withTls(PAIR)
  expect((await ask(standard)).status).toBe(200)
})
