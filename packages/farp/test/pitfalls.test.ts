import { auth } from '@octopus-gateway/core/plugins'
import { createAdmin } from '@octopus-gateway/admin'
import { expect, test } from 'vitest'
import { fetcherWhere, startBystander, startSite } from './support/site.ts'
import { forgeInstance, startPushGateway } from './support/pushing.ts'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { record, recordOf } from '../src/testing/harness.ts'
import { schemaHash } from '@octopus-gateway/farp-digest'
import { signatureOf } from '../src/webhook/signature.ts'
import { startOne, startRunning } from './support/running.ts'
import { TokenProvider, who } from '../../core/test/support/auth.ts'

// What section 12 of the protocol asks for and what needs a whole gateway; the rest is beside the code that does it.

const openapi = openapiOf('Users', ['GET /users'])
const SECRET = 'a secret of sixteen'

test('[F12.1.every-url] no member of a manifest that is a URL makes the gateway contact another host', async () => {
  const other = await startBystander()
  const at = (path: string): string => `${other.origin}${path}`
  const schema = (type: string, path: string): object => ({ type, spec_version: '1', location: { type: 'http', url: at(path) } })
  const manifest = {
    version: '1.1.0',
    service_name: 'users',
    instance_id: 'users-1',
    instance: { address: other.origin, status: 'healthy' },
    schemas: ['openapi', 'asyncapi', 'graphql', 'orpc', 'grpc'].map((type) => schema(type, `/${type}.json`)),
    endpoints: {
      health: at('/health'),
      metrics: at('/metrics'),
      openapi: at('/o'),
      asyncapi: at('/a'),
      graphql: at('/g'),
      grpc_reflection: true,
    },
    auth: {
      schemes: [
        { type: 'bearer', config: { jwks_url: at('/jwks'), issuer: at('/'), discovery_url: at('/.well-known') } },
        { type: 'apikey', config: { in: 'header', name: 'x-key', validation_url: at('/validate') } },
      ],
      token_validation_url: at('/validate-token'),
      access_control: [{ path: '/**', methods: [], roles: ['admin'] }],
    },
    webhook: {
      service_webhook: at('/hook'),
      gateway_webhook: at('/gateway-hook'),
      secret: SECRET,
      subscribe_events: ['config.updated', 'routes.changed'],
      http_routes: {
        service_routes: [{ id: 'p', path: at('/events'), method: 'GET', type: 'event.poll' }],
        polling: { interval: '1s' },
      },
    },
  }
  const service = await startSite((path) => {
    if (path === '/_farp/manifest') return { body: manifest }
    return path === '/openapi.json' || path === '/o' ? { body: openapi } : { status: path === '/users' ? 200 : 404, body: { path } }
  })
  const policy = auth({ providers: [new TokenProvider('main', { ann: who('ann', { roles: ['admin'] }) })], required: false })
  const running = await startRunning({
    registries: {
      consul: [
        record('users', service.port, { id: 'users-1', metadata: { farp_manifest: at('/_farp/manifest'), farp_health_url: at('/h') } }),
      ],
    },
    farp: { webhooks: { send: true, receive: true, poll: true }, trustHints: ['health_check'] },
    plugins: [policy],
  })
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
  expect(await running.status('/users/users')).toBe(401)
  expect(await running.status('/users/users', bearer('unknown'))).toBe(401)
  expect(await running.status('/users/users', bearer('ann'))).toBe(200)
  // What the instance itself was asked for says that each of the URLs was looked at.
  const asked = (path: string): boolean => service.requests.some(({ url }) => url === path)
  await waitFor(() => asked('/openapi.json') && asked('/asyncapi.json') && asked('/orpc.json'))
  const upstreams = { own: { endpoints: [service.origin] } }
  await running.gateway.update({ ...running.options, upstreams, routes: [{ path: '/new', upstream: 'own' }] })
  await waitFor(() => asked('/hook'))
  const message = JSON.stringify({
    event: 'schema.updated',
    timestamp: Math.floor(Date.now() / 1000),
    source: { service_name: 'users', instance_id: 'users-1' },
    data: { manifest_url: at('/m') },
  })
  const looks = service.count
  const answer = await fetch(`${running.adminUrl}/_farp/webhook`, {
    method: 'POST',
    body: message,
    headers: {
      'x-farp-event': 'schema.updated',
      'x-farp-delivery': 'd-1',
      'x-farp-source-instance': 'users-1',
      'x-farp-signature': signatureOf(SECRET, Buffer.from(message)),
    },
  })
  expect(answer.status).toBe(200)
  await waitFor(() => service.count > looks)
  expect(running.codes('users')).toContain('FOREIGN_HOST')
  expect(other.requests).toEqual([])
})

test('[F12.1.every-url] nor does a URL in a registration', async () => {
  const other = await startBystander()
  const users = await startOne({ name: 'users', openapi })
  await using gateway = await startPushGateway()
  const { instance } = forgeInstance(users) as { readonly instance: { readonly metadata: object } }
  const metadata = {
    ...instance.metadata,
    'farp.manifest': `${other.origin}/_farp/manifest`,
    'farp.openapi': `${other.origin}/openapi.json`,
  }
  const body = { instance: { ...instance, metadata }, manifest_url: `${other.origin}/m`, callback_url: `${other.origin}/c` }
  expect((await gateway.call('POST', 'register', body)).status).toBe(201)
  await waitFor(() => users.counts.manifest > 2)
  expect(await gateway.status('/users/users')).toBe(200)
  const [set] = gateway.gateway.snapshot.sets.get('farp')!
  expect(set!.findings!.map(({ code }) => code)).toContain('FOREIGN_HOST')
  expect(other.requests).toEqual([])
})

test('[F12.2.certificate] a client certificate registers, owns what it registered, and nobody without one does', async () => {
  const users = await startOne({ name: 'users', openapi })
  await using gateway = await startPushGateway({ tokens: [], clientCertificates: true })
  const admin = createAdmin(gateway.gateway)
  const call = async (names: readonly string[] | undefined, method = 'POST', path = 'register', body?: object): Promise<number> => {
    const certificate = names === undefined ? undefined : { names, fingerprint: names.join() }
    const request = new Request(`http://127.0.0.1/_farp/v1/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const incoming = { socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' } }
    return (await admin.fetch(request, { incoming, certificate })).status
  }
  const body = forgeInstance(users)
  expect(await call(undefined, 'POST', 'register', body)).toBe(401)
  expect(await call(['spiffe://shop/users'], 'POST', 'register', body)).toBe(201)
  expect(await call(['spiffe://shop/evil'], 'POST', 'register', body)).toBe(409)
  expect(await call(['spiffe://shop/evil'], 'DELETE', 'deregister/users')).toBe(403)
  expect(await call(['spiffe://shop/users'], 'DELETE', 'deregister/users')).toBe(200)
})

test('[F12.3.own] [F12.3.silent] a fetch carries nothing of the gateway or its clients, and what a manifest wants sent is shown nowhere', async () => {
  const headers = { 'x-api-key': 'value-of-the-manifest', Authorization: 'Bearer of-the-manifest', Cookie: 'c=of-the-manifest' }
  const manifest = {
    version: '1.0.0',
    service_name: 'users',
    schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: '/openapi.json?key=in-the-query', headers } }],
  }
  const service = await startSite((path) => {
    if (path === '/_farp/manifest') return { body: manifest }
    if (path === '/openapi.json') return { body: openapi }
    return path === '/users' ? { body: {} } : undefined
  })
  const running = await startRunning({
    registries: { static: [record('users', service.port)] },
    farp: { push: { enabled: true, tokens: ['a-token-of-the-gateway'] }, webhooks: { tokens: { users: 'another-token-of-it' } } },
  })
  await running.get('/users/users', { authorization: 'Bearer of-a-client', cookie: 'of=a-client' })
  const fetched = service.requests.filter(({ url }) => url !== '/users')
  expect(fetched.some(({ header }) => header('x-api-key') === 'value-of-the-manifest')).toBe(true)
  for (const { rawHeaders } of fetched) {
    const text = rawHeaders.join('\n').toLowerCase()
    for (const secret of ['of-a-client', 'of=a-client', 'token-of', 'another-token', 'cookie']) expect(text).not.toContain(secret)
  }
  const shown = await Promise.all(
    ['/_/services', '/_/routes', '/_/services/users', '/_farp/federated/summary'].map((path) => running.admin(path)),
  )
  const everything = JSON.stringify([shown, running.logged, [...running.gateway.snapshot.sets]])
  for (const secret of ['value-of-the-manifest', 'of-the-manifest', 'in-the-query']) expect(everything).not.toContain(secret)
})

test('[F12.4.claims] neither the length that an answer claims nor the size that a manifest claims is believed', async () => {
  const document = JSON.stringify({ ...openapi, 'x-padding': 'x'.repeat(11_000_000) })
  const users = await startOne({ name: 'users' })
  users.update({
    openapiText: document,
    manifest: { schemas: [{ type: 'openapi', spec_version: '3.1.0', size: 100, location: { type: 'http', url: users.openapiUrl } }] },
  })
  const small = await startOne({ name: 'small', openapi })
  small.update({ manifest: { schemas: [{ type: 'openapi', size: 1e12, location: { type: 'http', url: small.openapiUrl } }] } })
  const running = await startRunning({ registries: { static: [recordOf(users), recordOf(small)] } })
  expect(running.codes('users')).toContain('SCHEMA_UNAVAILABLE')
  expect(await running.status('/users/users')).toBe(404)
  // A lie the other way harms nobody.
  expect(await running.status('/small/users')).toBe(200)
})

test('[F12.9.remote] [F12.9.cycles] a $ref to another document is not followed, wherever it stands and whatever it names', async () => {
  const other = await startBystander()
  const ref = (target: string): object => ({ $ref: target })
  const document = {
    ...openapi,
    paths: {
      ...openapi.paths,
      '/remote': ref(`${other.origin}/paths.json#/x`),
      '/file': ref('file:///etc/passwd#/x'),
      '/relative': ref('other.json#/x'),
      '/circle': ref('#/paths/~1circle'),
      '/schema': {
        get: {
          parameters: [ref(`${other.origin}/parameter.json`)],
          responses: { 200: { description: 'ok', content: { 'application/json': { schema: ref(`${other.origin}/schema.json`) } } } },
        },
      },
    },
    components: { schemas: { A: ref('#/components/schemas/B'), B: ref('#/components/schemas/A') } },
  }
  const asyncapi = { asyncapi: '3.0.0', info: { title: 'a', version: '1' }, channels: { a: ref(`${other.origin}/channel.json`) } }
  const service = await startSite((path) => {
    const inline = (type: string, schema: object): object => ({
      type,
      spec_version: '3',
      location: { type: 'inline' },
      inline_schema: schema,
    })
    const schemas = [inline('openapi', document), inline('asyncapi', asyncapi)]
    if (path === '/_farp/manifest') return { body: { version: '1.0.0', service_name: 'users', schemas } }
    return path === '/schema' || path === '/users' ? { body: { path } } : undefined
  })
  const running = await startRunning({ registries: { static: [record('users', service.port)] } })
  expect(await running.json('/users/schema')).toEqual({ path: '/schema' })
  for (const path of ['/users/remote', '/users/file', '/users/relative', '/users/circle'])
    expect(await running.status(path), path).toBe(404)
  expect(running.codes('users')).toContain('PATH_SKIPPED')
  expect(Object.keys((await running.admin('/_farp/federated/openapi.json'))['paths'] as object)).toContain('/users/schema')
  expect((await running.admin('/_farp/federated/asyncapi.json'))['asyncapi']).toBe('3.0.0')
  expect(other.requests).toEqual([])
})

test('[F12.11.bounds] [F12.11.linear] hostile patterns of a manifest are left out or cost little; the rest of the rules holds', async () => {
  const rules = [
    { pattern: '^/(a+)+$', replacement: '/users' },
    { pattern: `^/${'(.*)'.repeat(4)}!$`, replacement: '/users' },
    { pattern: '(.)\\1', replacement: '/users' },
    { pattern: '(?=x)', replacement: '/users' },
    { pattern: `^/${'b'.repeat(512)}`, replacement: '/users' },
    { pattern: '^/short$', replacement: '/users' },
    ...Array.from({ length: 40 }, (_, index) => ({ pattern: `^/rule-${index}$`, replacement: '/users' })),
  ]
  const users = await startOne({ name: 'users', openapi, manifest: { routing: { strategy: 'service', rewrite: rules } } })
  const running = await startRunning({ registries: { static: [recordOf(users)] } })
  expect(await running.json('/users/short')).toMatchObject({ url: '/users' })
  expect(await running.json('/users/rule-25')).toMatchObject({ url: '/users' })
  // Beyond the thirty-second rule.
  expect(await running.status('/users/rule-26')).toBe(404)
  expect(await running.status(`/users/${'b'.repeat(512)}`)).toBe(404)
  for (const path of [`/${'a'.repeat(4_000)}b`, `/${'ab'.repeat(2_000)}`, `/${'a'.repeat(9_000)}`])
    expect([400, 404, 414]).toContain(await running.status(`/users${path}`))
  const notes = (running.set('users')!.findings ?? []).filter(({ message }) => message.includes('routing.rewrite'))
  const places = notes.map(({ message }) => /rewrite(\[\d\])?/.exec(message)![0])
  expect(places).toEqual(expect.arrayContaining(['rewrite', 'rewrite[2]', 'rewrite[3]', 'rewrite[4]']))
})

test('[F12.12.keeps] [F12.12.digests] what does not fit its hash replaces no good route; both digests are told', async () => {
  const users = await startOne({ name: 'users', openapi })
  const declare = (hash: string): object => ({
    schemas: [{ type: 'openapi', spec_version: '3.1.0', hash, location: { type: 'http', url: users.openapiUrl } }],
  })
  users.update({ manifest: declare(schemaHash(openapi)) as Record<string, unknown> })
  const running = await startRunning({ registries: { static: [recordOf(users)] }, farp: { hashVerification: 'enforce' } })
  expect(await running.status('/users/users')).toBe(200)
  const changed = openapiOf('Users', ['GET /evil'])
  users.update({ openapi: changed, manifest: declare('a'.repeat(64)) as Record<string, unknown> })
  await waitFor(() => running.codes('users').includes('HASH_MISMATCH'))
  // The service itself answers only what it now has: the route leads to it all the same.
  expect(running.set('users')!.routes.map(({ path }) => path)).toEqual(['/users/users'])
  expect(await running.status('/users/evil')).toBe(404)
  const told = running.set('users')!.findings!.find(({ code }) => code === 'HASH_MISMATCH')!
  for (const digest of [schemaHash(changed), 'a'.repeat(64)]) expect(told.message).toContain(digest)
  users.update({ manifest: { checksum: 'b'.repeat(64) } })
  await waitFor(() => running.codes('users').includes('CHECKSUM_MISMATCH'))
  const mismatch = running.set('users')!.findings!.find(({ code }) => code === 'CHECKSUM_MISMATCH')!
  expect(mismatch.message).toContain('b'.repeat(64))
  expect(mismatch.message).toMatch(/computed (none|[0-9a-f]{64})/)
  expect(running.set('users')!.routes.map(({ path }) => path)).toEqual(['/users/users'])
})

test('[F12.12.authenticity] a right hash opens nothing: other hosts and reserved mounts stay closed', async () => {
  const other = await startSite(() => ({ body: openapi }))
  const hash = schemaHash(openapi)
  const users = await startOne({ name: 'users', openapi, openapiStatus: 404 })
  users.update({ manifest: { schemas: [{ type: 'openapi', hash, location: { type: 'http', url: `${other.origin}/openapi.json` } }] } })
  const taker = await startOne({ name: 'taker', openapi, manifest: { routing: { strategy: 'custom', base_path: '/_farp/v1' } } })
  const running = await startRunning({
    registries: { consul: [recordOf(users), recordOf(taker)] },
    farp: { probe: true, hashVerification: 'enforce', fetcher: fetcherWhere({}) },
  })
  expect(running.codes('users')).toContain('FOREIGN_HOST')
  expect(running.codes('taker')).toContain('MOUNT_REFUSED')
  expect(running.gateway.snapshot.routes).toEqual([])
  expect(other.requests).toEqual([])
})
