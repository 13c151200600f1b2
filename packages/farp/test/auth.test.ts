import { auth } from '@octopus-gateway/core/plugins'
import { connect } from 'node:http2'
import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, rawRequest, startFarpService, waitFor } from '@octopus-gateway/testing'
import { serve } from '@octopus-gateway/node'
import { TokenProvider, who } from '../../core/test/support/auth.ts'
import type { FarpOptions } from '@octopus-gateway/farp'
import type { FarpService } from '@octopus-gateway/testing'
import type { Gateway, GatewayOptions, Plugin } from '@octopus-gateway/core'

const TOKENS = { ann: who('ann', { roles: ['admin'] }), bob: who('bob', { roles: ['user'] }) }

const policy = (required = false): Plugin => auth({ providers: [new TokenProvider('main', TOKENS)], required })

const service = (manifest: object): Promise<FarpService> =>
  startFarpService({
    name: 'users',
    openapi: openapiOf('Users', ['GET /people', 'GET /open', 'GET /live', 'POST /users.v1.Users/Find']),
    manifest: { ...manifest },
  })

const GUARDED = {
  auth: {
    schemes: [{ type: 'bearer', config: { jwks_url: 'http://169.254.169.254/keys' } }],
    token_validation_url: 'http://169.254.169.254/validate',
    public_routes: ['/open'],
    access_control: [{ path: '/**', methods: [], roles: ['admin'] }],
  },
}

async function gatewayOf({ name, port }: FarpService, options: FarpOptions, plugins: readonly Plugin[]): Promise<Gateway> {
  const gateway = createGateway(optionsOf(name, port, options, plugins))
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  return gateway
}

function optionsOf(name: string, port: number, options: FarpOptions, plugins: readonly Plugin[]): GatewayOptions {
  return {
    discovery: [staticDiscovery([{ name, address: '127.0.0.1', port }])],
    sources: [farp({ watchInterval: '30ms', ...options })],
    plugins,
  }
}

const status = async (gateway: Gateway, path: string, token?: string): Promise<number> =>
  (await gateway.request(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).status

/** Three callers: nobody, bob, ann. */
const statuses = async (gateway: Gateway, path: string): Promise<number[]> => [
  await status(gateway, path),
  await status(gateway, path, 'bob'),
  await status(gateway, path, 'ann'),
]

const codes = (gateway: Gateway): string[] =>
  [...gateway.snapshot.sets.values()].flat().flatMap(({ findings = [] }) => findings.map(({ code }) => code))

test('[R2] what a manifest demands is enforced for REST, WebSocket and gRPC alike', async () => {
  await using users = await service(GUARDED)
  const gateway = await gatewayOf(users, {}, [policy()])
  await using server = await serve(gateway, { port: 0 })
  expect(await statuses(gateway, '/users/people')).toEqual([401, 403, 200])
  expect(await statuses(gateway, '/users/open')).toEqual([200, 200, 200])

  const upgrade = async (token?: string): Promise<number> => {
    const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
    const head = `GET /users/live HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}${authorization}\r\n`
    return (await rawRequest(server.port, head)).response.status
  }
  const before = users.counts.operations
  expect([await upgrade(), await upgrade('bob')]).toEqual([401, 403])
  expect(users.counts.operations).toBe(before)
  // The service is none for WebSocket: its own answer shows that the handshake came through.
  expect(await upgrade('ann')).not.toBeOneOf([401, 403, 503])
  expect(users.counts.operations).toBe(before + 1)

  const session = connect(`http://127.0.0.1:${server.port}`)
  onTestFinished(() => session.destroy())
  const call = (token?: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = { ':method': 'POST', ':path': '/users/users.v1.Users/Find', 'content-type': 'application/grpc', te: 'trailers' }
      const stream = session.request(token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` })
      stream.on('response', (head) => void (head['grpc-status'] !== undefined && resolve(head['grpc-status'])))
      stream.on('trailers', (trailers) => resolve(trailers['grpc-status']))
      stream.on('error', reject)
      stream.resume()
      stream.end(Buffer.alloc(5))
    })
  expect([await call(), await call('bob')]).toEqual(['16', '7'])
  expect(await call('ann')).not.toBeOneOf(['16', '7'])
})

test('without anybody who is asked the service checks itself, and says so; with always its routes admit nobody', async () => {
  await using users = await service(GUARDED)
  const open = await gatewayOf(users, {}, [])
  expect([await statuses(open, '/users/people'), codes(open)]).toEqual([[200, 200, 200], ['AUTH_NOT_ENFORCED']])
  const closed = await gatewayOf(users, { auth: { enforce: 'always' } }, [])
  expect([await statuses(closed, '/users/people'), codes(closed)]).toEqual([[503, 503, 503], ['AUTH_NOBODY']])
  expect(await statuses(closed, '/users/open')).toEqual([200, 200, 200])
  const unmapped = await gatewayOf(users, { auth: { providers: { apikey: 'main' } } }, [policy()])
  expect([await statuses(unmapped, '/users/people'), codes(unmapped)]).toEqual([[503, 503, 503], ['AUTH_NOBODY']])
  const never = await gatewayOf(users, { auth: { enforce: 'never' } }, [policy()])
  expect([await statuses(never, '/users/people'), codes(never)]).toEqual([[200, 200, 200], ['AUTH_NOT_ENFORCED']])
})

test('[F12.16.absent] a service loosens nothing of the gateway', async () => {
  await using users = await service({
    auth: { schemes: null, public_routes: ['/**'] },
    route_table: [
      { path: '/people', public: true },
      { path: '/open', public: true },
    ],
  })
  const gateway = await gatewayOf(users, {}, [policy(true)])
  for (const path of ['/users/people', '/users/open']) expect(await statuses(gateway, path)).toEqual([401, 200, 200])
})

test('an auth policy that comes with an update is applied to the demands that are known, and cannot be taken away under them', async () => {
  await using users = await service(GUARDED)
  const gateway = await gatewayOf(users, {}, [])
  const options = optionsOf(users.name, users.port, {}, [])
  await gateway.update({ ...options, plugins: [policy()] })
  await waitFor(async () => (await status(gateway, '/users/people')) === 401)
  await expect(gateway.update(options)).rejects.toThrow(/auth/)
  expect(await statuses(gateway, '/users/people')).toEqual([401, 403, 200])
})

test('[F12.16.relaxation] an update of the service does not take its demands back', async () => {
  await using users = await service(GUARDED)
  const gateway = await gatewayOf(users, {}, [policy()])
  const allowing = await gatewayOf(users, { auth: { allowRelaxation: true } }, [policy()])
  users.update({ manifest: {}, version: '2.0.0' })
  await waitFor(async () => (await status(allowing, '/users/people')) === 200)
  await waitFor(() => codes(gateway).includes('AUTH_RELAXATION'))
  expect(await statuses(gateway, '/users/people')).toEqual([401, 403, 200])
  expect(codes(allowing)).not.toContain('AUTH_RELAXATION')
})

test('an update does not get rid of its demands by another mount, or by another version', async () => {
  await using users = await service(GUARDED)
  const gateway = await gatewayOf(users, {}, [policy()])
  const header = { strategy: 'header' }
  const updates = [
    ['2.0.0', { strategy: 'versioned' }, '/users/2.0.0/people'],
    ['3.0.0', { strategy: 'versioned' }, '/users/3.0.0/people'],
    ['4.0.0', { strategy: 'custom', base_path: '/elsewhere' }, '/elsewhere/people'],
    ['5.0.0', { strategy: 'service', versioning: header }, '/users/people'],
    ['6.0.0', { strategy: 'service', versioning: header }, '/users/people'],
  ] as const
  for (const [version, routing, path] of updates) {
    users.update({ manifest: { routing }, version })
    await waitFor(() => gateway.snapshot.routes.some((route) => route.path === path && route.meta?.['version'] === version))
    expect([version, await statuses(gateway, path)]).toEqual([version, [401, 403, 200]])
  }
})

test('versions that are there together bind each other in nothing', async () => {
  await using old = await service(GUARDED)
  await using open = await service({})
  const versioned = { routing: { strategy: 'versioned' } }
  old.update({ manifest: { ...GUARDED, ...versioned }, version: '1.0.0' })
  open.update({ manifest: versioned, version: '2.0.0' })
  const gateway = createGateway({
    discovery: [staticDiscovery([old, open].map(({ name, port }) => ({ name, address: '127.0.0.1', port })))],
    sources: [farp({ watchInterval: '30ms' })],
    plugins: [policy()],
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  expect(await statuses(gateway, '/users/1.0.0/people')).toEqual([401, 403, 200])
  expect(await statuses(gateway, '/users/2.0.0/people')).toEqual([200, 200, 200])
})
