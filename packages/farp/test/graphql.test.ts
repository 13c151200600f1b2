import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { serve } from '@octopus-gateway/node'
import { startGraphqlService } from './support/graphql-service.ts'
import { waitFor } from '@octopus-gateway/testing'
import { WebSocket } from 'ws'
import type { Gateway } from '@octopus-gateway/core'

async function running(port: number): Promise<AsyncDisposable & { readonly gateway: Gateway; readonly url: string }> {
  const gateway = createGateway({
    discovery: [staticDiscovery([{ name: 'books', address: '127.0.0.1', port }])],
    sources: [farp({ watchInterval: '40ms' })],
  })
  await gateway.synced
  const server = await serve(gateway, { port: 0, host: '127.0.0.1' })
  return {
    gateway,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server.close()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

const setOf = (gateway: Gateway) => gateway.snapshot.sets.get('farp')?.find(({ service }) => service === 'books')
const codesOf = (gateway: Gateway): readonly string[] => (setOf(gateway)?.findings ?? []).map(({ code }) => code)
const QUERY = '{ book(id: "7") { name } }'
const ANSWER = { data: { book: { name: 'book 7' } } }

test.each(['yoga', 'graphql-http'] as const)('a service on %s is introspected, routed and served', async (engine) => {
  await using service = await startGraphqlService({
    engine,
    manifest: {
      schemas: [
        {
          type: 'graphql',
          spec_version: '2021',
          location: { type: 'http', url: 'http://books:8080/graphql' },
          metadata: {
            graphql: {
              subscriptions_enabled: true,
              subscription_protocol: 'graphql-transport-ws',
              federation: { version: 'v2', subgraph_name: 'books' },
            },
          },
        },
      ],
      endpoints: { health: '/health', graphql: '/graphql' },
    },
  })
  await using run = await running(service.port)
  const { gateway, url } = run
  const hash = setOf(gateway)!.documents![0]!.hash
  const { sdl } = (await gateway.document(hash)) as { sdl: string }
  expect(sdl).toContain('book(id: ID!, edition: Int = 1): Book')
  expect(sdl).toContain('title: String! @deprecated(reason: "use name")')

  const post = await fetch(`${url}/books/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY }),
  })
  expect(await post.json()).toEqual(ANSWER)
  const get = await fetch(`${url}/books/graphql?query=${encodeURIComponent(QUERY)}`, { headers: { accept: 'application/json' } })
  expect(await get.json()).toEqual(ANSWER)

  const socket = new WebSocket(`${url.replace('http', 'ws')}/books/graphql`, 'graphql-transport-ws')
  const echoed = new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => socket.send('{"type":"connection_init"}'))
    socket.on('message', (data: Buffer) => resolve(data.toString()))
  })
  expect(await echoed).toBe('{"type":"connection_init"}')
  expect(socket.protocol).toBe('graphql-transport-ws')
  socket.terminate()
})

test('a server that described itself is not asked at every look', async () => {
  await using service = await startGraphqlService({
    engine: 'graphql-http',
    manifest: { schemas: [{ type: 'graphql', location: { url: '/graphql' } }] },
  })
  await using _run = await running(service.port)
  const { looks } = service
  await waitFor(() => service.looks >= looks + 4)
  expect(service.queries).toEqual(['POST'])
})

test('an endpoint elsewhere, named by the location alone', async () => {
  await using service = await startGraphqlService({
    engine: 'graphql-http',
    path: '/api/graphql',
    manifest: { schemas: [{ type: 'graphql', location: { type: 'http', url: '/api/graphql' } }] },
  })
  await using run = await running(service.port)
  expect(
    setOf(run.gateway)!
      .routes.map(({ path, methods }) => `${methods!.join()} ${path}`)
      .sort(),
  ).toEqual(['GET /books/api/graphql', 'POST /books/api/graphql'])
})

test('a service that does not let itself be introspected says why, and serves by the schema in its manifest', async () => {
  await using silent = await startGraphqlService({
    engine: 'yoga',
    isSilent: true,
    manifest: { schemas: [{ type: 'graphql', location: { url: '/graphql' } }] },
  })
  await using run = await running(silent.port)
  expect(codesOf(run.gateway)).toContain('SCHEMA_UNAVAILABLE')
  expect(setOf(run.gateway)!.findings!.some(({ message }) => message.includes('introspection is off'))).toBe(true)
  await using inline = await startGraphqlService({
    engine: 'yoga',
    isSilent: true,
    manifest: {
      schemas: [
        {
          type: 'graphql',
          location: { type: 'inline' },
          inline_schema: 'type Query { book: Int }',
          metadata: { graphql: { depth_limit: 5, subscriptions_enabled: true } },
        },
      ],
    },
  })
  await using other = await running(inline.port)
  expect(setOf(other.gateway)!.routes.map(({ path }) => path)).toEqual(['/books/graphql', '/books/graphql'])
  expect(codesOf(other.gateway)).toContain('NOT_SUPPORTED_YET')
  expect(inline.queries).toEqual([])
})
