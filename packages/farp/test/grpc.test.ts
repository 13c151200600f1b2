import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp'
import { notesClient } from './support/notes-client.ts'
import { notesFiles, setBytes } from '../src/testing/descriptors.ts'
import { onePort } from './support/one-port.ts'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { serve } from '@octopus-gateway/node'
import { startNotesServer } from '../src/testing/notes-server.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { Gateway, RouteDefinition } from '@octopus-gateway/core'
import type { Server } from '@octopus-gateway/node'
import type { StaticService } from '@octopus-gateway/core'

interface Running extends AsyncDisposable {
  readonly gateway: Gateway
  readonly url: string
}

async function running(...services: readonly StaticService[]): Promise<Running> {
  const gateway = createGateway({ discovery: [staticDiscovery(services)], sources: [farp({ watchInterval: '50ms' })] })
  await gateway.synced
  const server: Server = await serve(gateway, { port: 0, host: '127.0.0.1' })
  return {
    gateway,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server.close()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

const routesOf = ({ gateway }: Running): readonly RouteDefinition[] =>
  (gateway.snapshot.sets.get('farp') ?? []).flatMap(({ routes }) => routes)
const codesOf = ({ gateway }: Running): readonly string[] =>
  (gateway.snapshot.sets.get('farp') ?? []).flatMap(({ findings = [] }) => findings.map(({ code }) => code))

/** A service that is found at 127.0.0.1. */
const at = (name: string, port: number, metadata: Readonly<Record<string, string>> = {}): StaticService => ({
  name,
  address: '127.0.0.1',
  port,
  metadata,
})

const restAnd = (name: string, manifest: Readonly<Record<string, unknown>>): Promise<FarpService> =>
  startFarpService({ name, openapi: openapiOf('Notes', ['GET /notes']), manifest })

const METHODS = ['Unary', 'ServerStream', 'ClientStream', 'Bidi']

test('[R28] REST and gRPC at one port, known by reflection: calls of all four kinds come through', async () => {
  await using rest = await restAnd('notes', { endpoints: { openapi: '/openapi.json', grpc_reflection: true } })
  await using grpc = await startNotesServer()
  await using both = await onePort(rest.port, grpc.port)
  await using run = await running(at('notes', both.port))
  using client = notesClient(run.url)
  expect(await client.unary('hello')).toBe('notes: hello')
  expect(await client.serverStream('s')).toEqual(['notes: s', 'notes: s', 'notes: s'])
  expect(await client.clientStream('a', 'b')).toBe('notes: a,b')
  expect(await client.bidi('a', 'b')).toEqual(['notes: a', 'notes: b'])
  // The status stands in the trailers.
  await expect(client.unary('fail')).rejects.toMatchObject({ code: 5, details: 'no such note' })
  expect((await fetch(`${run.url}/notes/notes`)).status).toBe(200)
  const routes = routesOf(run).filter(({ meta }) => meta?.['protocol'] === 'grpc')
  expect(routes.map(({ path }) => path).sort()).toEqual(METHODS.map((name) => `/octopus.test.v1.Notes/${name}`).sort())
  expect(routes.every(({ upstream }) => upstream === 'notes')).toBe(true)
  // What it describes itself with is for the gateway alone.
  const reflection = await fetch(`${run.url}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, { method: 'POST' })
  expect(reflection.status).toBe(404)
})

test('gRPC at a port of its own, which the registry names', async () => {
  await using rest = await restAnd('notes', {
    schemas: [
      { type: 'openapi', spec_version: '3.1.0', location: { url: '/openapi.json' } },
      { type: 'grpc', spec_version: 'proto3', location: { type: 'grpc_reflection' } },
    ],
  })
  await using grpc = await startNotesServer()
  await using run = await running(at('notes', rest.port, { grpc_port: String(grpc.port) }))
  using client = notesClient(run.url)
  expect(await client.unary('hello')).toBe('notes: hello')
  expect((await fetch(`${run.url}/notes/notes`)).status).toBe(200)
  const upstreams = new Set(routesOf(run).map(({ upstream }) => upstream))
  expect([...upstreams].sort()).toEqual(['notes', 'notes:grpc'])
})

test('a port that only the manifest names is not contacted', async () => {
  await using grpc = await startNotesServer()
  await using rest = await restAnd('notes', {
    schemas: [{ type: 'grpc', spec_version: 'proto3', location: { type: 'grpc_reflection', address: `127.0.0.1:${grpc.port}` } }],
  })
  await using run = await running(at('notes', rest.port))
  expect(routesOf(run)).toEqual([])
  const codes = codesOf(run)
  expect(codes).toContain('FOREIGN_HOST')
  expect(codes).toContain('SCHEMA_UNAVAILABLE')
})

test('a descriptor set in the manifest makes the routes; mounts do not move them', async () => {
  await using rest = await restAnd('notes', {
    routing: { strategy: 'versioned' },
    schemas: [
      {
        type: 'grpc',
        spec_version: 'proto3',
        content_type: 'application/x-protobuf',
        location: { type: 'inline' },
        inline_schema: Buffer.from(setBytes(notesFiles())).toString('base64'),
      },
    ],
  })
  await using grpc = await startNotesServer({ reflection: 'none' })
  await using both = await onePort(rest.port, grpc.port)
  await using run = await running(at('notes', both.port))
  using client = notesClient(run.url)
  expect(await client.bidi('a', 'b', 'c')).toEqual(['notes: a', 'notes: b', 'notes: c'])
})

test('two services with one method: the ordinary rules decide, and it is said', async () => {
  const manifest = { endpoints: { grpc_reflection: true }, routing: { priority: 60 } }
  await using first = await restAnd('a-notes', { ...manifest, routing: { priority: 40 } })
  await using second = await restAnd('b-notes', manifest)
  await using grpcA = await startNotesServer({ name: 'a' })
  await using grpcB = await startNotesServer({ name: 'b' })
  await using bothA = await onePort(first.port, grpcA.port)
  await using bothB = await onePort(second.port, grpcB.port)
  await using run = await running(at('a-notes', bothA.port), at('b-notes', bothB.port))
  using client = notesClient(run.url)
  expect(await client.unary('x')).toBe('b: x')
  expect(run.gateway.snapshot.standby).toHaveLength(METHODS.length)
})
