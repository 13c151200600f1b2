import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { FetchError } from '../src/net/fetcher.ts'
import { once } from 'node:events'
import { openapiOf, testCertificates, waitFor } from '@octopus-gateway/testing'
import { record, recordOf } from '../src/testing/harness.ts'
import { startOne, startRunning } from './support/running.ts'
import { startSite } from './support/site.ts'
import { undiciFetcher } from '../src/net/undici.ts'
import type { AddressInfo, Server } from 'node:net'

// Section 12 of the protocol: slow endpoints and TLS.

const openapi = openapiOf('Users', ['GET /users'])
/** As servers from before TLS 1.2 have them. */
const OLD_CIPHERS = 'DEFAULT@SECLEVEL=0'

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('[F12.6.connect] a server that takes a connection and never shakes hands costs the time of a connection', async () => {
  const sockets: { destroy(): void }[] = []
  const mute = createServer((socket) => void sockets.push(socket.on('error', () => {})))
  const port = await portOf(mute)
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  const sent = undiciFetcher().send({
    url: new URL(`https://127.0.0.1:${port}/`),
    addresses: ['127.0.0.1'],
    headers: {},
    maxBytes: 1000,
    maxRatio: 100,
    connectMs: 100,
    headersMs: 3_600_000,
    signal: new AbortController().signal,
  })
  await expect(sent).rejects.toMatchObject({ kind: 'timeout' })
})

test('[F12.6.back-off] who does not answer is asked less and less often', async () => {
  let looks = 0
  let isBroken = false
  const broken = await startSite((path) => {
    if (path !== '/_farp/manifest') return { body: openapi }
    looks++
    const location = { type: 'http', url: '/openapi.json' }
    return { body: { version: '1.0.0', service_name: 'broken', schemas: [{ type: 'openapi', spec_version: '3.1.0', location }] }, isBroken }
  })
  const well = await startOne({ name: 'well', openapi })
  const running = await startRunning({
    registries: { static: [recordOf(well), record('broken', broken.port)] },
    farp: { watchInterval: '50ms' },
  })
  expect(await running.status('/broken/users')).toBe(200)
  isBroken = true
  await waitFor(() => running.instances('broken').some(({ status }) => status === 'unreachable'))
  const [before, wellBefore] = [looks, well.counts.manifest]
  await waitFor(() => well.counts.manifest > wellBefore + 25, { timeout: 14_000 })
  // Up to eight intervals pass between two looks.
  expect(looks - before).toBeLessThan((well.counts.manifest - wellBefore) * 0.45)
  isBroken = false
  await waitFor(async () => (await running.status('/broken/users')) === 200)
})

test('[F12.6.serving] routes serve while fetches hang', async () => {
  const users = await startOne({ name: 'users', openapi })
  let isMute = false
  let held = 0
  const hanging = await startSite((path) => {
    if (path === '/users') return { body: {} }
    if (isMute) held++
    if (path === '/openapi.json') return { body: openapi, isMute }
    const location = { type: 'http', url: '/openapi.json' }
    return { body: { version: '1.0.0', service_name: 'hanging', schemas: [{ type: 'openapi', spec_version: '3.1.0', location }] }, isMute }
  })
  const running = await startRunning({ registries: { static: [recordOf(users), record('hanging', hanging.port)] } })
  const both = async (): Promise<number[]> => [await running.status('/users/users'), await running.status('/hanging/users')]
  expect(await both()).toEqual([200, 200])
  isMute = true
  await waitFor(() => held > 0)
  for (let n = 0; n < 10; n++) expect(await both()).toEqual([200, 200])
  // Others change meanwhile.
  users.update({ openapi: openapiOf('Users', ['GET /users', 'GET /more']) })
  await waitFor(async () => (await running.status('/users/more')) === 200)
})

test('[F12.18.version] [F12.18.verify] TLS below 1.2 is not spoken, and a certificate of nobody knows whom is not believed', async () => {
  const { server: certificate } = testCertificates()
  const start = (versions: object): Promise<number> =>
    portOf(
      createTlsServer({ cert: certificate.cert, key: certificate.key, ciphers: OLD_CIPHERS, ...versions }, (socket) =>
        // Whoever does not believe the certificate goes.
        socket.on('error', () => {}),
      ),
    )
  const old = await start({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })
  const current = await start({ minVersion: 'TLSv1.2' })
  // Who speaks the old versions gets as far as the certificate.
  const speaker = connectTls({ host: '127.0.0.1', port: old, minVersion: 'TLSv1', ciphers: OLD_CIPHERS })
  const [problem] = (await once(speaker, 'error')) as [Error]
  expect(problem.message).toMatch(/certificate/)
  const failure = async (port: number): Promise<FetchError> => {
    const sent = undiciFetcher().send({
      url: new URL(`https://127.0.0.1:${port}/`),
      addresses: ['127.0.0.1'],
      headers: {},
      maxBytes: 1000,
      maxRatio: 100,
      connectMs: 10_000,
      headersMs: 10_000,
      signal: new AbortController().signal,
    })
    return sent.then(
      () => Promise.reject(new Error('it was believed')),
      (thrown: unknown) => thrown as FetchError,
    )
  }
  // The first is refused before its certificate is looked at.
  expect((await failure(old)).message).not.toMatch(/certificate/)
  expect((await failure(current)).message).toMatch(/certificate/)
  expect(await failure(current)).toBeInstanceOf(FetchError)
})
