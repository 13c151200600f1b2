import { behaviour } from './behaviour.ts'
import { expect } from 'vitest'
import { newAuthority, openapiOf, startFarpService, testCertificates, waitFor, type FarpService } from '@octopus-gateway/testing'
import { ask, type SecureAnswer, type SecureAsk } from './https.ts'
import { refused, running, type Running } from './running.ts'
import { X509Certificate } from 'node:crypto'

const { ca, server, client, issue } = testCertificates()
const stranger = newAuthority()
const FILES = { 'cert.pem': server.cert, 'key.pem': server.key, 'ca.pem': ca }
const TOKEN = 'a-token-of-these-tests'

const service = (name: string): Promise<FarpService> => startFarpService({ name, openapi: openapiOf(name, ['GET /list']) })

/** A gateway that takes registrations over TLS. */
const pushing = (certificates: string, { mode = 'optional', more = '' } = {}): Promise<Running> =>
  running(
    `admin: { tls: { cert: cert.pem, key: key.pem, client_auth: { ca: ca.pem, mode: ${mode} } } }\n` +
      `farp: { watch_interval: 20ms, push: { enabled: true, client_certificates: ${certificates}${more} } }\n`,
    { files: FILES, client },
  )

type Shown = Pick<SecureAsk, 'cert' | 'key' | 'headers'>

function register({ admin }: Running, { name, instanceId, port }: FarpService, shown: Shown = {}): Promise<SecureAnswer> {
  const body = { instance: { id: instanceId, service_name: name, address: '127.0.0.1', port } }
  return ask(`${admin}/_farp/v1/register`, { method: 'POST', body, ...shown })
}

behaviour(
  'farp.push.client_certificates',
  'true takes everybody with a valid certificate; without one, or with another, nobody registers',
  async () => {
    await using users = await service('users')
    await using gateway = await pushing('true')
    expect(await register(gateway, users)).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
    const forged = encodeURIComponent(client.cert)
    const headers = {
      'x-forwarded-client-cert': forged,
      'x-ssl-client-cert': forged,
      'client-cert': forged,
      'x-ssl-client-verify': 'SUCCESS',
    }
    expect((await register(gateway, users, { headers })).status).toBe(401)
    for (const shown of [stranger.client, stranger.issue({ names: ['client.test'] }), issue({ names: ['client.test'], validFor: -1000 })]) {
      await expect(register(gateway, users, shown)).rejects.toThrow()
    }
    expect((await register(gateway, users, client)).status).toBe(201)
    expect(await gateway.status('/users/list')).toBe(200)
    expect(await register(gateway, users, issue({ names: ['other.test'] }))).toMatchObject({
      status: 409,
      body: { code: 'INSTANCE_OWNED' },
    })
  },
)

behaviour('farp.push.client_certificates', 'needs a listener that asks for them, and is false by default', async () => {
  const { code, err } = await refused('farp: { push: { enabled: true, client_certificates: true } }')
  expect([code, err]).toEqual([78, expect.stringContaining('farp.push.client_certificates: would never be seen')])
  await using users = await service('users')
  await using gateway = await running(
    'admin: { tls: { cert: cert.pem, key: key.pem, client_auth: { ca: ca.pem } } }\n' +
      `farp: { push: { enabled: true, tokens: [${TOKEN}] } }\n`,
    { files: FILES, client },
  )
  expect((await register(gateway, users, client)).status).toBe(401)
  expect((await register(gateway, users, { ...client, headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(201)
})

behaviour('farp.push.client_certificates[]', 'are whole names and fingerprints; of a map, for its services', async () => {
  await using users = await service('users')
  await using orders = await service('orders')
  const known = issue({ names: ['known.test'] })
  const fingerprint = new X509Certificate(known.cert).fingerprint256
  await using gateway = await pushing(`[{ name: "URI:spiffe://shop/users", services: [users] }, DNS:any.test, "${fingerprint}"]`)
  const named = (...names: readonly string[]): Shown => issue({ names })
  for (const shown of [
    named('users'),
    named('URI:spiffe://shop/users2'),
    named('any.test.evil.test'),
    named('*.test'),
    issue({ names: ['x.test'], commonName: 'any.test' }),
  ]) {
    expect((await register(gateway, users, shown)).status).toBe(401)
  }
  const ofUsers = named('URI:spiffe://shop/users')
  expect(await register(gateway, orders, ofUsers)).toMatchObject({ status: 403, body: { code: 'SERVICE_FORBIDDEN' } })
  expect((await register(gateway, users, named('any.test'))).status).toBe(201)
  expect((await register(gateway, users, ofUsers)).status).toBe(200)
  expect((await register(gateway, orders, known)).status).toBe(201)
  for (const name of ['users', 'orders']) await waitFor(async () => (await gateway.status(`/${name}/list`)) === 200)
})

behaviour('farp.push.client_certificates[]', 'stand beside tokens, and change with a reload', async () => {
  await using users = await service('users')
  await using gateway = await pushing('[DNS:a.test]', { more: `, tokens: [${TOKEN}]` })
  const shown = issue({ names: ['b.test'] })
  expect((await register(gateway, users, { ...shown, headers: { authorization: `Bearer ${TOKEN}x` } })).status).toBe(401)
  expect((await register(gateway, users, shown)).status).toBe(401)
  gateway.cli.file(
    'octopus.yaml',
    'admin: { tls: { cert: cert.pem, key: key.pem, client_auth: { ca: ca.pem, mode: optional } } }\n' +
      'farp: { watch_interval: 20ms, push: { enabled: true, client_certificates: [{ name: DNS:b.test, services: [users] }] } }\n',
  )
  gateway.cli.hangUp()
  await gateway.cli.seen(/configuration reloaded/)
  expect((await register(gateway, users, shown)).status).toBe(201)
  expect((await register(gateway, users, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(401)
})
