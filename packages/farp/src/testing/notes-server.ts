import { loadSync } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'

/** A message of `notes.proto`, as far as tests look. */
export interface Note {
  readonly text: string
}

/** Which versions of the reflection service are served. */
export type ReflectionVersions = 'both' | 'v1' | 'v1alpha' | 'none'

/** A grpc-js server of `notes.proto` on 127.0.0.1. */
export interface NotesServer extends AsyncDisposable {
  readonly port: number
}

/** The definitions of `notes.proto`, read by grpc-js's own loader. */
export const notesDefinition = loadSync('notes.proto', { includeDirs: [import.meta.dirname] })

/** The service of `notes.proto`. */
export const NOTES = notesDefinition['octopus.test.v1.Notes'] as never

/** Starts a server; it answers with the text it got, `name: text`. */
export async function startNotesServer({
  name = 'notes',
  reflection = 'both',
  credentials = ServerCredentials.createInsecure(),
}: {
  readonly name?: string
  readonly reflection?: ReflectionVersions
  readonly credentials?: ServerCredentials
} = {}): Promise<NotesServer> {
  const server = new Server()
  server.addService(NOTES, implementation(name))
  const service = new ReflectionService(notesDefinition) as unknown as Record<'v1' | 'v1Alpha', { addToServer(server: Server): void }>
  if (reflection === 'both' || reflection === 'v1') service.v1.addToServer(server)
  if (reflection === 'both' || reflection === 'v1alpha') service.v1Alpha.addToServer(server)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  )
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.forceShutdown()
    },
  }
}

function implementation(name: string): UntypedServiceImplementation {
  const answer = ({ text }: Note): Note => ({ text: `${name}: ${text}` })
  return {
    Unary: ({ request }: ServerUnaryCall<Note, Note>, done: sendUnaryData<Note>) => {
      if (request.text === 'fail') done({ code: 5, details: 'no such note' })
      else done(null, answer(request))
    },
    ServerStream: (call: ServerWritableStream<Note, Note>) => {
      for (let i = 0; i < 3; i++) call.write(answer(call.request))
      call.end()
    },
    ClientStream: (call: ServerReadableStream<Note, Note>, done: sendUnaryData<Note>) => {
      const texts: string[] = []
      call.on('data', ({ text }: Note) => texts.push(text))
      call.on('end', () => done(null, answer({ text: texts.join() })))
    },
    Bidi: (call: ServerDuplexStream<Note, Note>) => {
      call.on('data', (note: Note) => call.write(answer(note)))
      call.on('end', () => call.end())
    },
  }
}
