import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { Federation } from './federation.ts'
import { FederatedEndpoint } from './endpoint.ts'
import { asyncService } from '../testing/merging-asyncapi.ts'
import { grpcService, orpcService, plainService } from '../testing/merging-rpc.ts'
import { MERGE_OPTIONS } from '../merge/merged.ts'
import { ok, service } from '../testing/merging.ts'
import type { FederatedService } from '../merge/input.ts'
import type { Material } from './federation.ts'

const users = service('users', { paths: { '/x': { get: { responses: ok } } } })
const all: readonly FederatedService[] = [
  users,
  asyncService('chat', { channels: { c: { address: '/c' } } }),
  grpcService('greeter', [
    {
      name: 'g.proto',
      package: 'g',
      syntax: 'proto3',
      messageType: [{ name: 'M' }],
      service: [{ name: 'S', method: [{ name: 'Do', inputType: '.g.M', outputType: '.g.M' }] }],
    },
  ]),
  orpcService('rpc', { procedures: { get: {} } }),
  plainService('graph', 'graphql', { document: { format: 'SDL', sdl: 'type Query { a: Int }' } }),
]

interface Served {
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>
  material: Material
}

function serve(documents: readonly FederatedService[], unreadable: Material['unreadable'] = []): Served {
  const served = { material: { documents, unreadable } } as { material: Material }
  const federation = new Federation(() => served.material, MERGE_OPTIONS)
  const endpoint = new FederatedEndpoint(() => federation)
  return Object.assign(served, {
    ask: (path: string, init: RequestInit = {}) => endpoint.answer(new Request(`http://admin${path}`, init)),
  })
}

test('every language has its document, with who made it and when', async () => {
  const { ask } = serve(all)
  for (const [name, type] of [
    ['openapi.json', 'application/json'],
    ['asyncapi.json', 'application/json'],
    ['grpc.json', 'application/json'],
    ['orpc.json', 'application/json'],
    ['graphql.json', 'application/json'],
    ['graphql', 'application/graphql; charset=utf-8'],
    ['grpc.binpb', 'application/x-protobuf'],
    ['summary', 'application/json'],
  ]) {
    for (const start of ['/_farp/federated', '/__/farp/federated']) {
      const answer = await ask(`${start}/${name}`)
      expect([name, answer.status, answer.headers.get('content-type')]).toEqual([name, 200, type])
      expect(answer.headers.get('x-farp-federated')).toBe('true')
      expect(Date.now() - Date.parse(answer.headers.get('x-farp-built-at')!)).toBeLessThan(60_000)
      expect((await answer.arrayBuffer()).byteLength).toBe(Number(answer.headers.get('content-length')))
    }
  }
  const bytes = new Uint8Array(await (await ask('/_farp/federated/grpc.binpb')).arrayBuffer())
  expect(createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).getService('g.S')).toBeDefined()
  expect(await (await ask('/_farp/federated/graphql')).text()).toContain('# From service: graph')
})

test('GET and HEAD only; unknown names, and languages of which there is nothing, are not found', async () => {
  const { ask } = serve([users])
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await ask('/_farp/federated/openapi.json', { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' })
  }
  const head = await ask('/_farp/federated/openapi.json', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  for (const path of [
    '/_farp/federated',
    '/_farp/federated/',
    '/_farp/federated/x',
    '/_farp/federated/__proto__',
    '/_farp/federated/openapi.json/x',
  ])
    expect([path, (await ask(path)).status]).toEqual([path, 404])
  const none = await ask('/_farp/federated/grpc.json')
  expect([none.status, none.headers.get('x-farp-federated')]).toEqual([404, 'true'])
  expect(await none.json()).toMatchObject({ code: 'NOTHING_FEDERATED', title: 'There is no grpc document' })
})

test('a document is made once, keeps its ETag over rebuilds that change nothing, and is made anew when a service changes', async () => {
  const served = serve([users])
  const first = await served.ask('/_farp/federated/openapi.json')
  const etag = first.headers.get('etag')!
  for (const field of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const same = await served.ask('/_farp/federated/openapi.json', { headers: { 'if-none-match': field } })
    expect([field, same.status, await same.text(), same.headers.get('etag')]).toEqual([field, 304, '', etag])
    expect(same.headers.get('x-farp-built-at')).toBe(first.headers.get('x-farp-built-at'))
  }
  served.material = { documents: [{ ...users }], unreadable: [] }
  expect((await served.ask('/_farp/federated/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(304)
  served.material = { documents: [users, service('more', { paths: { '/y': { get: { responses: ok } } } })], unreadable: [] }
  const second = await served.ask('/_farp/federated/openapi.json', { headers: { 'if-none-match': etag } })
  expect(second.status).toBe(200)
  expect(Object.keys(((await second.json()) as { paths: object }).paths)).toEqual(['/more/y', '/users/x'])
  served.material = { documents: [], unreadable: [] }
  expect((await served.ask('/_farp/federated/openapi.json')).status).toBe(404)
})

test('the summary says what is in which document, what is not, and why', async () => {
  const contested = { paths: { '/x': { get: { responses: ok } } } }
  const { ask } = serve(
    [service('a', contested, { prefix: '' }), service('b', contested, { prefix: '' }), ...all.slice(1)],
    [{ service: 'c', kind: 'openapi', reason: 'it is not JSON' }],
  )
  const summary = (await (await ask('/_farp/federated/summary')).json()) as Record<string, unknown>
  expect(summary).toMatchObject({
    has_openapi: true,
    has_asyncapi: true,
    has_grpc: true,
    has_orpc: true,
    has_graphql: true,
    included_services: { openapi: ['a', 'b'], asyncapi: ['chat'], grpc: ['greeter'], orpc: ['rpc'], graphql: ['graph'] },
    excluded_services: { openapi: [{ service: 'c', reason: 'it is not JSON' }] },
    total_conflicts: 1,
    conflicts: [{ schema: 'openapi', type: 'path', item: '/x', services: ['a', 'b'] }],
    warnings: ['the document of c is left out: it is not JSON'],
  })
  const empty = (await (await serve([]).ask('/_farp/federated/summary')).json()) as Record<string, unknown>
  expect(empty).toMatchObject({ built_at: null, has_openapi: false, included_services: {}, total_conflicts: 0 })
})

test('a merge that fails is tried again the next time', async () => {
  let fails = true
  const moody: FederatedService = {
    ...users,
    operations: () => {
      if (fails) throw new Error('not now')
      return users.operations()
    },
  }
  const { ask } = serve([moody])
  await expect(ask('/_farp/federated/openapi.json')).rejects.toThrow('not now')
  fails = false
  expect((await ask('/_farp/federated/openapi.json')).status).toBe(200)
})
