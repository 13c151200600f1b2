import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { create } from '@bufbuild/protobuf'
import { createFileRegistry } from '@bufbuild/protobuf'
import { createSecureServer, createServer } from 'node:http2'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { testCertificates } from '@octopus-gateway/testing'
import { CallFailed, DETAILS, SERVICE } from './notes.ts'
import type { AddressInfo } from 'node:net'
import type { Answered, CallOptions, Fields, Kind, Note, NotesClient, NotesServer } from './notes.ts'
import type { HandlerContext } from '@connectrpc/connect'
import type { ServerHttp2Session } from 'node:http2'

const STRING = 9
const INT32 = 5
const OPTIONAL = 1

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'notes.proto',
    package: 'octopus.test.v1',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Note',
        field: [
          { name: 'text', jsonName: 'text', number: 1, type: STRING, label: OPTIONAL },
          { name: 'count', jsonName: 'count', number: 2, type: INT32, label: OPTIONAL },
        ],
      },
    ],
    service: [
      {
        name: 'Notes',
        method: (['Unary', 'ServerStream', 'ClientStream', 'Bidi'] as const).map((name) => ({
          name,
          inputType: '.octopus.test.v1.Note',
          outputType: '.octopus.test.v1.Note',
          clientStreaming: name === 'ClientStream' || name === 'Bidi',
          serverStreaming: name === 'ServerStream' || name === 'Bidi',
        })),
      },
    ],
  }),
  () => undefined,
)
const DESCRIPTOR = registry.getService(SERVICE)!

/** A server of @connectrpc/connect-node on loopback that ends with the test. */
export async function connectServer({ tls }: { readonly tls: boolean }): Promise<NotesServer> {
  let hanging = 0
  let cancelled = 0
  const watched = (context: HandlerContext): void => {
    if (context.requestHeader.has('x-hang')) hanging += 1
    context.signal.addEventListener('abort', () => (cancelled += isCancel(context.signal.reason) ? 1 : 0))
  }
  const handler = connectNodeAdapter({
    routes: (router) =>
      void router.service(DESCRIPTOR, {
        unary: async (note: Note, context: HandlerContext) => {
          watched(context)
          await begin(context)
          end(context)
          return { text: `hello ${note.text}`, count: note.count + 1 }
        },
        async *serverStream(note: Note, context: HandlerContext) {
          watched(context)
          await begin(context)
          for (let i = 1; i <= note.count; i++) yield { text: `hello ${note.text}`, count: i }
          end(context)
        },
        clientStream: async (notes: AsyncIterable<Note>, context: HandlerContext) => {
          watched(context)
          await begin(context)
          const texts: string[] = []
          for await (const { text } of notes) texts.push(text)
          end(context)
          return { text: texts.join(), count: texts.length }
        },
        async *bidi(notes: AsyncIterable<Note>, context: HandlerContext) {
          watched(context)
          await begin(context)
          for await (const { text, count } of notes) yield { text: `hello ${text}`, count: count + 1 }
          end(context)
        },
      } as never),
  })
  const server = tls ? createSecureServer(testCertificates().server, handler) : createServer(handler)
  const sessions: ServerHttp2Session[] = []
  server.on('session', (session: ServerHttp2Session) => sessions.push(session))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const session of sessions) session.destroy()
  })
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, hanging: () => hanging, cancelled: () => cancelled }
}

function isCancel(reason: unknown): boolean {
  return ConnectError.from(reason).code === Code.Canceled
}

async function begin({ requestHeader, responseHeader, responseTrailer, signal }: HandlerContext): Promise<void> {
  for (const name of ['x-echo', 'x-echo-bin']) {
    const value = requestHeader.get(name)
    if (value !== null) {
      responseHeader.set(name, value)
      responseTrailer.set(name, value)
    }
  }
  const timeout = requestHeader.get('grpc-timeout')
  if (timeout !== null) responseHeader.set('x-timeout', timeout)
  if (requestHeader.has('x-hang'))
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

function end({ requestHeader }: HandlerContext): void {
  const fail = requestHeader.get('x-fail')
  if (fail !== null) throw new ConnectError(DETAILS, Number(fail), { 'x-why': 'because' })
}

type Method = (input: unknown, options: object) => unknown

/** A client of @connectrpc/connect-node that ends with the test. */
export function connectClient(origin: string): NotesClient {
  const sessions = new Http2SessionManager(origin, {}, { ca: testCertificates().ca })
  onTestFinished(() => sessions.abort())
  const client = createClient(DESCRIPTOR, createGrpcTransport({ baseUrl: origin, sessionManager: sessions })) as unknown as Record<
    string,
    Method
  >
  const start = async (kind: Kind, input: AsyncIterable<Note>, options: CallOptions, notes: Note[]): Promise<Answered> => {
    let head = new Headers()
    let trailers = new Headers()
    const how = {
      headers: headersOf(options.fields ?? []),
      onHeader: (headers: Headers) => (head = headers),
      onTrailer: (headers: Headers) => (trailers = headers),
      ...(options.deadlineMs === undefined ? {} : { timeoutMs: options.deadlineMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }
    try {
      const method = client[kind.charAt(0).toLowerCase() + kind.slice(1)]!
      const sends = kind === 'ClientStream' || kind === 'Bidi'
      const result = method(sends ? input : await only(input), how)
      if (kind === 'Unary' || kind === 'ClientStream') notes.push(plain((await result) as Note))
      else for await (const note of result as AsyncIterable<Note>) notes.push(plain(note))
      return { notes, head: reader(head), trailer: reader(trailers) }
    } catch (thrown) {
      const error = ConnectError.from(thrown)
      throw new CallFailed(error.code, error.rawMessage, notes, reader(error.metadata))
    }
  }
  return {
    call: (kind, notes, options = {}) => start(kind, listed(notes), options, []),
    async converse(notes) {
      const heard: Note[] = []
      async function* input(): AsyncGenerator<Note> {
        for (const [index, note] of notes.entries()) {
          yield note
          while (heard.length <= index) await new Promise((resolve) => setImmediate(resolve))
        }
      }
      await start('Bidi', input(), {}, heard)
      return heard
    },
    close: () => sessions.abort(),
  }
}

async function* listed(notes: readonly Note[]): AsyncGenerator<Note> {
  yield* notes
}

async function only(input: AsyncIterable<Note>): Promise<Note | undefined> {
  for await (const note of input) return note
  return undefined
}

function plain({ text, count }: Note): Note {
  return { text, count }
}

function headersOf(fields: Fields): Headers {
  const headers = new Headers()
  for (const [name, value] of fields) headers.append(name, typeof value === 'string' ? value : value.toString('base64').replace(/=+$/, ''))
  return headers
}

/** Repeated fields come joined. */
function reader(headers: Headers): (name: string) => readonly string[] {
  return (name) => {
    const value = headers.get(name)
    if (value === null) return []
    return value.split(',').map((part) => (name.endsWith('-bin') ? Buffer.from(part.trim(), 'base64').toString('base64') : part.trim()))
  }
}
