import { createAdmin } from '@octopus-gateway/admin'
import { expect, test } from 'vitest'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { forgeInstance, startPushGateway, TOKEN } from './support/pushing.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { PushGateway } from './support/pushing.ts'

const FINGERPRINT = 'ab'.repeat(32)

const service = (name: string): Promise<FarpService> => startFarpService({ name, openapi: openapiOf(name, ['GET /list']) })

interface Call {
  readonly names?: readonly string[]
  readonly fingerprint?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly path?: string
  readonly body?: object
}

/** Calls as somebody whose certificate with these names the server has verified; without names as somebody who has shown none. */
function callerOf({ gateway }: PushGateway): (call: Call) => Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const admin = createAdmin(gateway)
  return async ({ names, fingerprint = 'cd'.repeat(32), headers = {}, method = 'POST', path = 'register', body }) => {
    const request = new Request(`http://127.0.0.1/_farp/v1/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const incoming = { socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' } }
    const certificate = names === undefined ? undefined : { names, fingerprint }
    const response = await admin.fetch(request, { incoming, certificate })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
}

test('[R10] [F12.2.certificate] a certificate registers by a whole name that is listed, for its services alone', async () => {
  await using users = await service('users')
  await using orders = await service('orders')
  const clientCertificates = [{ name: 'URI:spiffe://shop/users', services: ['users'] }, 'DNS:any.internal', FINGERPRINT.toUpperCase()]
  await using gateway = await startPushGateway({ tokens: [], clientCertificates })
  const call = callerOf(gateway)
  const body = forgeInstance(users)
  const strangers = [
    ['URI:spiffe://shop/users2'],
    ['URI:spiffe://shop/user'],
    ['DNS:spiffe://shop/users'],
    ['DNS:evil-any.internal', 'DNS:any.internal.evil.test', 'DNS:*.internal'],
    ['URI:http://x/, DNS:any.internal'],
    [],
  ]
  for (const names of strangers) {
    const refused = await call({ names, body })
    expect([refused.status, refused.body['code']], String(names)).toEqual([401, 'UNAUTHORIZED'])
    expect(refused.body['error']).toContain('farp.push.client_certificates')
  }
  expect(await call({ names: ['DNS:a.test', 'URI:spiffe://shop/users'], body: forgeInstance(orders) })).toMatchObject({
    status: 403,
    body: { code: 'SERVICE_FORBIDDEN' },
  })
  expect((await call({ names: ['DNS:a.test', 'URI:spiffe://shop/users'], body })).status).toBe(201)
  expect((await call({ names: ['DNS:ANY.internal'], body: forgeInstance(orders) })).status).toBe(201)
  expect((await call({ names: [], fingerprint: FINGERPRINT, method: 'GET', path: 'services' })).status).toBe(200)
})

test('a certificate of a service is its authority, also over what others registered; one without services has its own instances alone', async () => {
  await using users = await service('users')
  const clientCertificates = [{ name: 'DNS:users.internal', services: ['users'] }, 'DNS:any.internal', 'DNS:other.internal']
  await using gateway = await startPushGateway({ tokens: [], clientCertificates })
  const call = callerOf(gateway)
  const body = forgeInstance(users)
  const leave = { method: 'DELETE', path: 'deregister/users' }
  expect((await call({ names: ['DNS:any.internal'], body })).status).toBe(201)
  expect((await call({ names: ['DNS:other.internal'], body })).body).toMatchObject({ code: 'INSTANCE_OWNED' })
  expect((await call({ names: ['DNS:other.internal'], ...leave })).status).toBe(403)
  expect((await call({ names: ['DNS:users.internal'], body })).status).toBe(200)
  expect((await call({ names: ['DNS:users.internal'], ...leave })).status).toBe(200)
})

test('a web page registers nothing with the certificate that its browser shows', async () => {
  await using users = await service('users')
  await using gateway = await startPushGateway({ tokens: [], clientCertificates: true })
  const call = callerOf(gateway)
  const names = ['DNS:a.test']
  const fields: Readonly<Record<string, string>>[] = [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }]
  for (const headers of fields) {
    const refused = await call({ names, headers, body: forgeInstance(users) })
    expect([refused.status, refused.body['code']]).toEqual([403, 'BROWSER_REFUSED'])
  }
  expect((await call({ names, headers: { 'sec-fetch-site': 'none', host: 'gateway.test' }, body: forgeInstance(users) })).status).toBe(201)
})

test('of several entries that fit the first counts', async () => {
  await using users = await service('users')
  const clientCertificates = [{ name: 'DNS:a.test', services: ['orders'] }, 'DNS:b.test']
  await using gateway = await startPushGateway({ tokens: [], clientCertificates })
  const call = callerOf(gateway)
  const body = forgeInstance(users)
  expect((await call({ names: ['DNS:b.test', 'DNS:a.test'], body })).body).toMatchObject({ code: 'SERVICE_FORBIDDEN' })
  expect((await call({ names: ['DNS:b.test'], body })).status).toBe(201)
})

test('tokens and certificates stand beside each other', async () => {
  await using users = await service('users')
  await using gateway = await startPushGateway({ clientCertificates: ['DNS:a.test'] })
  const call = callerOf(gateway)
  const body = forgeInstance(users)
  const headers = { authorization: `Bearer ${TOKEN}` }
  expect((await call({ names: ['DNS:stranger.test'], body })).status).toBe(401)
  expect((await call({ names: ['DNS:stranger.test'], body, headers })).status).toBe(201)
  expect((await call({ headers, method: 'DELETE', path: 'deregister/users' })).status).toBe(200)
  expect((await call({ names: ['DNS:a.test'], body })).status).toBe(201)
  expect((await call({ body })).status).toBe(401)
})

test('[R10] a name that holds a comma is not two names: nobody owns what somebody with those two owns', async () => {
  await using users = await service('users')
  await using gateway = await startPushGateway({ tokens: [], clientCertificates: true })
  const call = callerOf(gateway)
  const body = forgeInstance(users)
  expect((await call({ names: ['DNS:users.internal', 'URI:x:y'], body })).status).toBe(201)
  expect((await call({ names: ['DNS:users.internal,URI:x:y'], body })).status).toBe(409)
  // Renewed, with its names in another order.
  expect((await call({ names: ['URI:x:y', 'DNS:users.internal'], fingerprint: FINGERPRINT, body })).status).toBe(200)
})

test('where certificates are no credential one that is shown changes nothing', async () => {
  await using users = await service('users')
  await using gateway = await startPushGateway({ tokens: [] })
  const call = callerOf(gateway)
  expect((await call({ names: ['DNS:a.test'], body: forgeInstance(users) })).status).toBe(201)
  expect((await call({ names: ['DNS:b.test'], body: forgeInstance(users) })).status).toBe(200)
})

test.each([[[]], [['users.internal']], [['DNS:*.internal']], [[{ name: 'DNS:a.test', services: [] }]], [[{ services: ['a'] }]], ['yes']])(
  'the option %j is refused',
  async (clientCertificates) => {
    await expect(startPushGateway({ clientCertificates } as never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  },
)
