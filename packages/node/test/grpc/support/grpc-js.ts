import { Client, Metadata, Server, ServerCredentials, credentials, status } from '@grpc/grpc-js'
import { CallFailed, decodeNote, DETAILS, encodeNote, SERVICE } from './notes.ts'
import { onTestFinished } from 'vitest'
import { testCertificates } from '@octopus-gateway/testing'
import type { ChannelOptions, ClientDuplexStream, ServerDuplexStream, ServiceDefinition, ServiceError, StatusObject } from '@grpc/grpc-js'
import type { Answered, CallOptions, Fields, Kind, Note, NotesClient, NotesServer } from './notes.ts'

const KINDS: Readonly<Record<Kind, { readonly sends: boolean; readonly answers: boolean }>> = {
  Unary: { sends: false, answers: false },
  ServerStream: { sends: false, answers: true },
  ClientStream: { sends: true, answers: false },
  Bidi: { sends: true, answers: true },
}

// Every kind is served as streams in both directions: on the wire there is no difference.
const DEFINITION = Object.fromEntries(
  Object.keys(KINDS).map((name) => [
    name,
    {
      path: `/${SERVICE}/${name}`,
      requestStream: true,
      responseStream: true,
      requestSerialize: encodeNote,
      requestDeserialize: decodeNote,
      responseSerialize: encodeNote,
      responseDeserialize: decodeNote,
    },
  ]),
) as unknown as ServiceDefinition

type ServerCall = ServerDuplexStream<Note, Note>

/** A server of @grpc/grpc-js on loopback that ends with the test. */
export async function grpcJsServer(options: { readonly tls: boolean } & ChannelOptions): Promise<NotesServer> {
  const { tls, ...channel } = options
  const server = new Server({ 'grpc.max_receive_message_length': -1, ...channel })
  let hanging = 0
  let cancelled = 0
  const serve = (kind: Kind) => (call: ServerCall) => {
    if (call.metadata.get('x-hang').length > 0) hanging += 1
    call.on('cancelled', () => (cancelled += 1))
    answer(kind, call)
  }
  server.addService(DEFINITION, {
    Unary: serve('Unary'),
    ServerStream: serve('ServerStream'),
    ClientStream: serve('ClientStream'),
    Bidi: serve('Bidi'),
  })
  const { server: certificate } = testCertificates()
  const secure = ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(certificate.cert), private_key: Buffer.from(certificate.key) },
  ])
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', tls ? secure : ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  onTestFinished(() => server.forceShutdown())
  return { origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, hanging: () => hanging, cancelled: () => cancelled }
}

function answer(kind: Kind, call: ServerCall): void {
  const { metadata } = call
  if (metadata.get('x-hang').length > 0) {
    call.on('data', () => {})
    return
  }
  const echoed = new Metadata()
  const trailers = new Metadata()
  for (const name of ['x-echo', 'x-echo-bin']) {
    for (const value of metadata.get(name)) {
      echoed.add(name, value)
      trailers.add(name, value)
    }
  }
  const deadline = call.getDeadline()
  if (deadline !== Infinity) echoed.add('x-timeout', `${Number(deadline) - Date.now()}m`)
  const [fail] = metadata.get('x-fail')
  const received: Note[] = []
  const end = (): void => {
    if (fail === undefined) {
      call.end(trailers)
      return
    }
    trailers.set('x-why', 'because')
    call.emit('error', { code: Number(fail), details: DETAILS, metadata: trailers })
  }
  let isOpen = false
  const open = (): void => {
    if (!isOpen) call.sendMetadata(echoed)
    isOpen = true
  }
  if (kind === 'Bidi') open()
  call.on('data', (note: Note) => {
    received.push(note)
    if (kind === 'Bidi') call.write({ text: `hello ${note.text}`, count: note.count + 1 })
  })
  call.on('end', () => {
    const first = received[0] ?? { text: '', count: 0 }
    // A failure without messages is one of trailers only.
    if (fail === undefined || kind === 'ServerStream') open()
    if (kind === 'ServerStream') for (let i = 1; i <= first.count; i++) call.write({ text: `hello ${first.text}`, count: i })
    if (fail === undefined && kind === 'Unary') call.write({ text: `hello ${first.text}`, count: first.count + 1 })
    if (fail === undefined && kind === 'ClientStream') call.write({ text: received.map(({ text }) => text).join(), count: received.length })
    end()
  })
}

/** A client of @grpc/grpc-js that ends with the test. */
export function grpcJsClient(origin: string, channel: ChannelOptions = {}): NotesClient {
  const { host, protocol } = new URL(origin)
  const secure = credentials.createSsl(Buffer.from(testCertificates().ca))
  const client = new Client(host, protocol === 'https:' ? secure : credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.use_local_subchannel_pool': 1,
    // An address is not a name for SNI (RFC 6066, section 3), and this client would send it as one.
    ...(protocol === 'https:' ? { 'grpc.ssl_target_name_override': 'localhost', 'grpc.default_authority': 'localhost' } : {}),
    ...channel,
  })
  onTestFinished(() => client.close())
  const start = (kind: Kind, options: CallOptions): ClientDuplexStream<Note, Note> => {
    const call = client.makeBidiStreamRequest(`/${SERVICE}/${kind}`, encodeNote, decodeNote, metadataOf(options.fields ?? []), {
      deadline: Date.now() + (options.deadlineMs ?? Infinity),
    })
    options.signal?.addEventListener('abort', () => call.cancel())
    return call
  }
  return {
    call: (kind, notes, options = {}) => {
      const call = start(kind, options)
      const answered = collected(call)
      for (const note of notes) call.write(note)
      call.end()
      return answered
    },
    async converse(notes) {
      const call = start('Bidi', {})
      const heard: Note[] = []
      const answered = collected(call)
      for (const note of notes) {
        const next = new Promise<Note>((resolve) => call.once('data', resolve))
        call.write(note)
        heard.push(await next)
      }
      call.end()
      await answered
      return heard
    },
    close: () => client.close(),
  }
}

function collected(call: ClientDuplexStream<Note, Note>): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const notes: Note[] = []
    let head = new Metadata()
    call.on('metadata', (metadata: Metadata) => (head = metadata))
    call.on('data', (note: Note) => notes.push(note))
    // Its status follows.
    call.on('error', (_error: ServiceError) => {})
    call.on('status', ({ code, details, metadata }: StatusObject) => {
      if (code === status.OK) resolve({ notes, head: reader(head), trailer: reader(metadata) })
      else reject(new CallFailed(code, details, notes, reader(metadata)))
    })
  })
}

function metadataOf(fields: Fields): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of fields) metadata.add(name, value)
  return metadata
}

function reader(metadata: Metadata): (name: string) => readonly string[] {
  return (name) => metadata.get(name).map((value) => (typeof value === 'string' ? value : value.toString('base64')))
}
