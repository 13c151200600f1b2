import { buildSchema, introspectionFromSchema } from 'graphql'
import { expect, test } from 'vitest'
import { lines, recordOf, startFarp } from '../testing/harness.ts'
import { notesFiles, setBytes } from '../testing/descriptors.ts'
import { schemaHash } from '../schemas/canonical.ts'
import { startFarpService } from '@octopus-gateway/testing'
import { startNotesServer } from '../testing/notes-server.ts'
import type { FarpService } from '@octopus-gateway/testing'

const METHODS = ['Bidi', 'ClientStream', 'ServerStream', 'Unary'].map((name) => `POST /octopus.test.v1.Notes/${name}`)

const listing = (...schemas: readonly object[]): { readonly manifest: { readonly schemas: readonly object[] } } => ({
  manifest: { schemas },
})

/** A service whose document is a text at `/openapi.json`, whatever it is. */
const serving = (document: string, type: string, hash: string): Promise<FarpService> =>
  startFarpService({
    name: 'notes',
    openapiText: document,
    ...listing({ type, spec_version: '1', hash, location: { url: '/openapi.json' } }),
  })

test('the hash of a document is that of what was served, not of the form it is read into', async () => {
  const introspection = {
    data: introspectionFromSchema(buildSchema('type Query { b: Int a: Int }')),
    spec_version: '2021',
    format: 'introspection',
  }
  const simple = { services: { Notes: { methods: { Get: { input_type: 'A', output_type: 'B' } } } }, package: 'x.v1' }
  for (const [type, value, route] of [
    ['graphql', introspection, 'GET /notes/graphql'],
    ['grpc', simple, 'POST /x.v1.Notes/Get'],
  ] as const) {
    for (const isRight of [true, false]) {
      await using service = await serving(JSON.stringify(value, null, 2), type, isRight ? schemaHash(value) : '0'.repeat(64))
      await using farp = startFarp()
      farp.discover([recordOf(service)])
      await farp.until('it is routed', () => lines(farp.routes('notes')).includes(route))
      expect(farp.codes('notes').includes('HASH_MISMATCH'), `${type} ${isRight}`).toBe(!isRight)
    }
  }
})

test('a server that described itself is asked again as soon as its manifest changes', async () => {
  await using service = await startFarpService({ name: 'notes', manifest: { schemas: [], endpoints: { grpc_reflection: true } } })
  await using grpc = await startNotesServer()
  await using farp = startFarp()
  farp.discover([recordOf(service, { metadata: { 'farp.grpc.port': String(grpc.port) } })])
  await farp.until('it is routed', () => lines(farp.routes('notes')).join() === METHODS.join())
  expect(farp.origins('notes', 'notes:grpc')).toEqual([`http://127.0.0.1:${grpc.port}`])
  // What was known of it is good for now, but nobody was there to confirm it.
  await grpc[Symbol.asyncDispose]()
  const looks = service.counts.manifest
  await expect.poll(() => service.counts.manifest).toBeGreaterThan(looks + 2)
  expect(farp.codes('notes')).not.toContain('SCHEMA_FALLBACK')
  service.update({ version: '1.1.0' })
  await farp.until('it was asked again', () => farp.codes('notes').includes('SCHEMA_FALLBACK'))
  expect(lines(farp.routes('notes'))).toEqual(METHODS)
})

test('a record alone may say that there is reflection, and so may the descriptor; the document goes first', async () => {
  await using grpc = await startNotesServer()
  const metadata = { farp_grpc_port: String(grpc.port) }
  await using said = await startFarpService({ name: 'said', ...listing() })
  await using declared = await startFarpService({
    name: 'declared',
    ...listing({ type: 'grpc', location: { url: '/nowhere' }, metadata: { grpc: { reflection_enabled: true } } }),
  })
  await using listed = await startFarpService({
    name: 'listed',
    ...listing({
      type: 'grpc',
      location: { type: 'inline' },
      inline_schema: { services: { Other: { methods: { Do: {} } } } },
      metadata: { grpc: { reflection_enabled: true } },
    }),
  })
  await using farp = startFarp()
  farp.discover([
    recordOf(said, { metadata: { ...metadata, farp_grpc_reflection: 'true' } }),
    recordOf(declared, { metadata }),
    recordOf(listed, { metadata }),
  ])
  await farp.until('all are routed', () => ['said', 'declared', 'listed'].every((name) => farp.routes(name).length > 0))
  expect(lines(farp.routes('said'))).toEqual(METHODS)
  expect(lines(farp.routes('declared'))).toEqual(METHODS)
  expect(farp.codes('declared')).toContain('SCHEMA_FALLBACK')
  expect(lines(farp.routes('listed'))).toEqual(['POST /Other/Do'])
})

test('the whole metadata of a descriptor is kept, and instances that differ in it are two generations', async () => {
  const graphql = (federation: object): object => ({
    type: 'graphql',
    location: { type: 'inline' },
    inline_schema: 'type Query { a: Int }',
    metadata: { graphql: { federation } },
  })
  await using one = await startFarpService({ name: 'notes', ...listing(graphql({ version: 'v1', subgraph_name: 'notes' })) })
  await using two = await startFarpService({ name: 'notes', ...listing(graphql({ version: 'v2', subgraph_name: 'notes' })) })
  await using farp = startFarp()
  farp.discover([recordOf(one), recordOf(two)])
  await farp.until('both serve', () => farp.origins('notes').length === 2)
  expect(farp.codes('notes')).toContain('GENERATIONS_DIFFER')
})

test('a descriptor set of bytes is fetched as any document is', async () => {
  const base64 = Buffer.from(setBytes(notesFiles())).toString('base64')
  await using service = await startFarpService({
    name: 'notes',
    ...listing({ type: 'grpc', location: { type: 'inline', inline_schema: base64 } }),
  })
  await using farp = startFarp()
  farp.discover([recordOf(service)])
  await farp.until('it is routed', () => lines(farp.routes('notes')).join() === METHODS.join())
  expect(farp.routes('notes')[0]!.meta).toMatchObject({ schemaType: 'grpc', protocol: 'grpc', operationId: 'octopus.test.v1.Notes.Unary' })
})

test('without a manifest, a record that speaks of reflection is enough', async () => {
  await using grpc = await startNotesServer()
  await using service = await startFarpService({ name: 'notes', manifestStatus: 503 })
  await using farp = startFarp()
  const metadata = { farp_enabled: 'true', farp_grpc_reflection: 'true', grpc_port: String(grpc.port) }
  farp.discover([recordOf(service, { provider: 'consul', metadata })])
  await farp.until('it is routed', () => lines(farp.routes('notes')).join() === METHODS.join())
  expect(farp.codes('notes')).toContain('METADATA_ONLY')
})
