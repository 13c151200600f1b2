import { createAdmin } from '@octopus-gateway/admin'
import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'

const HASH = '$2b$04$wDdv48wYzbvOIbk2SuLYgePTqMAqXg0O5jjWbjIWeEXmjWcfC0zAq'

const inline = (type: string, version: string, schema: unknown, metadata: object = {}): object => ({
  type,
  spec_version: version,
  location: { type: 'inline' },
  inline_schema: schema,
  metadata,
})

const asyncapi = {
  asyncapi: '3.0.0',
  info: { title: 'Chat', version: '1' },
  channels: { room: { address: '/rooms/{id}', parameters: { id: {} }, messages: { said: { payload: { type: 'string' } } } } },
  operations: { hear: { action: 'send', channel: { $ref: '#/channels/room' } } },
}
const orpc = { orpc: '1.0.0', info: { title: 'R', version: '1' }, procedures: { getUser: { input: { type: 'object' } } } }
const sdl = 'type Query { user: String }'
const proto = {
  package: 'user.v1',
  services: { Users: { methods: { Get: { input_type: 'Id', output_type: 'User' } } } },
  messages: { Id: {}, User: {} },
}

test('[F12.17.protected] all languages of a service that the gateway routes are merged and served beside the admin API, for those who may see it', async () => {
  const schemas = (document: object): object[] => [
    inline('openapi', '3.1.0', document),
    inline('asyncapi', '3.0.0', asyncapi),
    inline('orpc', '1.0.0', orpc),
    inline('graphql', '2021', sdl, { graphql: { federation: { version: 'v2', subgraph_name: 'users' } } }),
    inline('grpc', 'proto3', proto),
  ]
  await using users = await startFarpService({ name: 'users', manifest: { schemas: schemas(openapiOf('Users', ['GET /users'])) } })
  await using broken = await startFarpService({ name: 'broken', openapiText: '{ "openapi": ' })
  const discovery = [staticDiscovery([users, broken].map(({ name, port }) => ({ name, address: '127.0.0.1', port })))]
  await using gateway = createGateway({ discovery, sources: [farp({ watchInterval: '30ms', info: { title: 'Shop' } })] })
  await gateway.synced
  const admin = createAdmin(gateway, { auth: { username: 'admin', passwordHash: HASH } })
  expect((await admin.fetch(new Request('http://localhost/_farp/federated/openapi.json'))).status).toBe(401)
  const open = createAdmin(gateway)
  const ask = async (path: string): Promise<Record<string, unknown>> => {
    const answer = await open.fetch(new Request(`http://localhost${path}`))
    expect([path, answer.status]).toEqual([path, 200])
    return (await answer.json()) as Record<string, unknown>
  }
  expect(await ask('/_farp/federated/openapi.json')).toMatchObject({ info: { title: 'Shop' }, paths: { '/users/users': { get: {} } } })
  expect(await ask('/_farp/federated/asyncapi.json')).toMatchObject({
    channels: { 'users.room': { address: '/users/rooms/{id}' } },
    operations: { users_hear: { channel: { $ref: '#/channels/users.room' } } },
  })
  expect(await ask('/_/asyncapi.json')).toEqual(await ask('/_farp/federated/asyncapi.json'))
  expect(await ask('/_/openapi.json')).toEqual(await ask('/_farp/federated/openapi.json'))
  expect(await ask('/_farp/federated/orpc.json')).toMatchObject({
    procedures: { 'users.getUser': { transport: { endpoint: '/users/rpc/getUser', methods: ['POST'] } } },
  })
  expect(await ask('/_farp/federated/graphql.json')).toMatchObject({
    services: [{ name: 'users', paths: ['/users/graphql'], federation: { subgraph_name: 'users' } }],
  })
  expect(await ask('/_farp/federated/grpc.json')).toMatchObject({ file: [{ package: 'user.v1', service: [{ name: 'Users' }] }] })
  expect(await ask('/_farp/federated/summary')).toMatchObject({
    included_services: { openapi: ['users'], grpc: ['users'] },
    excluded_services: { openapi: [{ service: 'broken', reason: expect.stringContaining('JSON') as string }] },
  })
  // A change of one service is there with the next request.
  users.update({ manifest: { schemas: schemas(openapiOf('Users', ['GET /users', 'GET /more'])) } })
  await waitFor(async () => Object.keys((await ask('/_farp/federated/openapi.json'))['paths'] as object).includes('/users/more'))
})

test('[F12.17.merged] metadata of one service asks for one tag, that of another for none of it; who stays out stays out of every language', async () => {
  const openapi = openapiOf('S', ['GET /x'])
  const hidden = [inline('openapi', '3.1.0', openapi, { openapi: { composition: {} } }), inline('asyncapi', '3.0.0', asyncapi)]
  await using one = await startFarpService({ name: 'one', openapi })
  await using two = await startFarpService({ name: 'two', openapi })
  await using secret = await startFarpService({ name: 'secret', openapi, manifest: { schemas: hidden } })
  const services = [one, two, secret].map(({ name, port }) => ({
    name,
    address: '127.0.0.1',
    port,
    ...(name === 'one' ? { metadata: { 'farp.collapse_service_tags': 'true' } } : {}),
  }))
  await using gateway = createGateway({ discovery: [staticDiscovery(services)], sources: [farp()] })
  await gateway.synced
  const { paths } = (await gateway.federated('openapi')) as { paths: Record<string, { get: { tags?: string[] } }> }
  expect(Object.keys(paths)).toEqual(['/one/x', '/two/x'])
  expect([paths['/one/x']!.get.tags, paths['/two/x']!.get.tags]).toEqual([['one'], undefined])
  expect(await gateway.federated('asyncapi')).toMatchObject({ channels: {} })
  expect((await gateway.request('/secret/x')).status).toBe(200)
})
