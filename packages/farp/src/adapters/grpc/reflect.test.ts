import { createFileRegistry, fromJson, toBinary } from '@bufbuild/protobuf'
import { createServer } from 'node:http2'
import { documentFetcher } from '../../net/guarded.ts'
import { expect, test } from 'vitest'
import { FetchError } from '../../net/fetcher.ts'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { frameMessages, messagesIn } from './frames.ts'
import { grpcAdapter } from './adapter.ts'
import { LIMITS } from '../../limits.ts'
import { notesFiles } from '../../testing/descriptors.ts'
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { closedPort, startRawServer, startService } from '@octopus-gateway/testing'
import { reflectGrpc } from './reflect.ts'
import { SchemaError } from '../../schemas/parse.ts'
import { startNotesServer } from '../../testing/notes-server.ts'
import { Turns } from '../../net/turns.ts'
import { undiciFetcher } from '../../net/undici.ts'
import type { AddressInfo } from 'node:net'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import type { JsonValue } from '@bufbuild/protobuf'
import type { Limits } from '../../limits.ts'
import type { Reflected } from './gather.ts'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'

const fast: Limits = { ...LIMITS, connectMs: 500, headersMs: 300, totalMs: 600 }

function reflect(port: number, limits: Limits = fast, registered = [port]): Promise<Reflected> {
  const addresses = registered.map((known) => ({ scheme: 'http', host: '127.0.0.1', port: known }) as const)
  const scope = { registered: addresses, service: 'notes', allowedHosts: [], requireHttps: undefined }
  const fetcher = documentFetcher(undiciFetcher(), limits, new Turns(8, 2))
  return reflectGrpc({ scheme: 'http', host: '127.0.0.1', port }, { fetcher, scope, limits, signal: new AbortController().signal })
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => Promise.reject(new Error(`it did not fail: ${JSON.stringify(value)}`)),
    (reason: unknown) => reason,
  )
}

test.each(['both', 'v1', 'v1alpha'] as const)(
  'a grpc-js server with reflection (%s) is known whole, and its set links',
  async (reflection) => {
    await using server = await startNotesServer({ reflection })
    const { document, notes } = await reflect(server.port)
    expect(notes).toEqual([])
    const registry = createFileRegistry(fromJson(FileDescriptorSetSchema, document as JsonValue))
    const note = registry.getMessage('octopus.test.v1.Note')!
    expect(note.fields.map(({ name, jsonName, message }) => [name, jsonName, message?.typeName])).toEqual([
      ['text', 'text', undefined],
      ['writtenBy', 'writtenBy', 'octopus.test.common.Author'],
      ['madeAt', 'madeAt', 'google.protobuf.Timestamp'],
      ['parts', 'parts', 'octopus.test.v1.Note.Part'],
    ])
    expect(registry.getMessage('octopus.test.v1.Note.Part')!.fields[1]!.message).toBe(note)
    expect(registry.getMessage('octopus.test.common.Author')!.fields[1]!.enum?.typeName).toBe('octopus.test.common.Author.Kind')
    const { operations } = grpcAdapter.adapt(document, { limits: LIMITS, metadata: {}, endpoint: undefined })
    expect(operations.map(({ path, deprecated }) => [path, deprecated])).toEqual([
      ['/octopus.test.v1.Notes/Unary', false],
      ['/octopus.test.v1.Notes/ServerStream', false],
      ['/octopus.test.v1.Notes/ClientStream', false],
      ['/octopus.test.v1.Notes/Bidi', true],
    ])
    // Read again it is itself, and asked again it is the same.
    expect(grpcAdapter.check(document, LIMITS)).toEqual(document)
    expect((await reflect(server.port)).document).toEqual(document)
  },
)

test('a server without reflection, one that speaks HTTP only, and nobody', async () => {
  await using without = await startNotesServer({ reflection: 'none' })
  expect(await failure(reflect(without.port))).toMatchObject({ kind: 'status', status: 12 })
  await using web = await startService()
  expect(await failure(reflect(web.port))).toBeInstanceOf(FetchError)
  await using mute = await startRawServer(() => {})
  expect(await failure(reflect(mute.port))).toMatchObject({ kind: 'timeout' })
  expect(await failure(reflect(await closedPort()))).toMatchObject({ kind: 'refused' })
})

test('[R38] only addresses of the instance are asked', async () => {
  await using server = await startNotesServer()
  expect(await failure(reflect(server.port, fast, [1]))).toMatchObject({ kind: 'blocked' })
})

test('a server that gives one file per question is asked for the rest; built-in files are not asked for', async () => {
  const files = notesFiles()
  files[1]!.dependency.push('google/protobuf/timestamp.proto', 'annotations.proto')
  await using server = await scripted(files)
  const { document, notes } = await reflect(server.port)
  expect((document['file'] as { name: string }[]).map(({ name }) => name)).toEqual([
    'common.proto',
    'google/protobuf/timestamp.proto',
    'notes.proto',
  ])
  expect(server.asked).toEqual(['list', 'octopus.test.v1.Notes', 'common.proto', 'annotations.proto'])
  // An import that is there for options only is no reason to know nothing.
  expect(notes).toEqual(['the server does not describe annotations.proto: not found'])
  createFileRegistry(fromJson(FileDescriptorSetSchema, document as JsonValue))
})

test('the order in which files come makes no difference', async () => {
  const documents = await Promise.all(
    [notesFiles(), notesFiles().toReversed()].map(async (files) => {
      await using server = await scripted(files, { all: true })
      return (await reflect(server.port)).document
    }),
  )
  expect(documents[0]).toEqual(documents[1])
})

test('[R38] what a hostile server says is refused, and never for long', async () => {
  const circle = notesFiles()
  circle[0]!.dependency = ['notes.proto']
  await using circular = await scripted(circle)
  expect((await reflect(circular.port)).notes[0]).toContain('circle')

  await using endless = await scripted(notesFiles(), { endless: true })
  const start = performance.now()
  expect(await failure(reflect(endless.port))).toMatchObject({ name: expect.stringMatching(/FetchError|SchemaError/) as string })
  expect(performance.now() - start).toBeLessThan(3_000)

  await using large = await scripted(notesFiles(), { padding: 200_000 })
  expect(await failure(reflect(large.port, { ...fast, schemaBytes: 100_000 }))).toMatchObject({ kind: 'content' })
  for (const garbage of ['cut', 'compressed', 'answers', 'bytes', 'status'] as const) {
    await using server = await scripted(notesFiles(), { garbage })
    const thrown = await failure(reflect(server.port))
    expect(thrown instanceof SchemaError || thrown instanceof FetchError, `${garbage}: ${String(thrown)}`).toBe(true)
  }
  const long = notesFiles()
  long[1]!.package = 'a.'.repeat(100_000)
  await using named = await scripted(long, { service: 'x.Y' })
  expect(await failure(reflect(named.port))).toBeInstanceOf(SchemaError)
})

interface Script {
  /** Send every file with each answer. */
  readonly all?: boolean
  /** Every file needs another one. */
  readonly endless?: boolean
  readonly padding?: number
  readonly garbage?: 'cut' | 'compressed' | 'answers' | 'bytes' | 'status'
  readonly service?: string
}

/** A reflection server written by hand: it does what other servers only may. */
async function scripted(
  files: readonly FileDescriptorProto[],
  script: Script = {},
): Promise<AsyncDisposable & { readonly port: number; readonly asked: string[] }> {
  const asked: string[] = []
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const answers = messagesIn(Buffer.concat(chunks)).map((question) => answerTo(question, files, { ...script, asked }))
      if (script.garbage === 'answers') answers.push(answers[0]!)
      const body = Buffer.from(frameMessages(script.garbage === 'bytes' ? [Buffer.from([0x22, 0xff])] : answers))
      if (script.garbage === 'compressed') body[0] = 1
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers(script.garbage === 'status' ? {} : { 'grpc-status': '0' }))
      stream.end(script.garbage === 'cut' ? body.subarray(0, body.length - 3) : body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answerTo(question: Uint8Array, files: readonly FileDescriptorProto[], script: Script & { readonly asked: string[] }): Uint8Array {
  const reader = new BinaryReader(question)
  const [field] = reader.tag()
  const text = reader.string()
  script.asked.push(field === 7 ? 'list' : text)
  const inner = new BinaryWriter()
  if (field === 7) {
    const name = new BinaryWriter()
      .tag(1, 2)
      .string(script.service ?? 'octopus.test.v1.Notes')
      .finish()
    return new BinaryWriter().tag(6, 2).bytes(inner.tag(1, 2).bytes(name).finish()).finish()
  }
  const found = files.filter(({ name, service }) => script.all === true || name === text || (field === 4 && service.length > 0))
  if (script.endless === true) {
    const [file] = notesFiles()
    file!.name = field === 3 ? text : 'first.proto'
    file!.dependency = [`${script.asked.length}.proto`]
    inner.tag(1, 2).bytes(toBinary(FileDescriptorProtoSchema, file!))
  }
  if (found.length === 0 && script.endless !== true) {
    return new BinaryWriter().tag(7, 2).bytes(inner.tag(1, 0).int32(5).tag(2, 2).string('not found').finish()).finish()
  }
  for (const file of found) inner.tag(1, 2).bytes(toBinary(FileDescriptorProtoSchema, file))
  if (script.padding !== undefined) inner.tag(99, 2).bytes(new Uint8Array(script.padding))
  return new BinaryWriter().tag(4, 2).bytes(inner.finish()).finish()
}
