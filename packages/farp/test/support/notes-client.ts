import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
import { NOTES } from '../../src/testing/notes-server.ts'
import type { Client, ClientDuplexStream, ClientReadableStream, ClientWritableStream, ServiceError } from '@grpc/grpc-js'
import type { Note } from '../../src/testing/notes-server.ts'

type Answer = (error: ServiceError | null, note?: Note) => void

interface Stub extends Client {
  Unary(note: Note, answer: Answer): void
  ServerStream(note: Note): ClientReadableStream<Note>
  ClientStream(answer: Answer): ClientWritableStream<Note>
  Bidi(): ClientDuplexStream<Note, Note>
}

/** A grpc-js client of `notes.proto`. Every call resolves with the texts that came, or rejects with grpc-js's error. */
export interface NotesClient extends Disposable {
  unary(text: string): Promise<string>
  serverStream(text: string): Promise<string[]>
  clientStream(...texts: string[]): Promise<string>
  bidi(...texts: string[]): Promise<string[]>
}

export function notesClient(url: string): NotesClient {
  const Constructor = makeGenericClientConstructor(NOTES, 'Notes')
  const stub = new Constructor(new URL(url).host, credentials.createInsecure()) as unknown as Stub
  const one = (call: (answer: Answer) => void): Promise<string> =>
    new Promise((resolve, reject) => call((error, note) => (error === null ? resolve(note!.text) : reject(error))))
  const all = (stream: ClientReadableStream<Note>): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const texts: string[] = []
      stream.on('data', ({ text }: Note) => texts.push(text))
      stream.on('error', reject)
      stream.on('end', () => resolve(texts))
    })
  const send = (stream: ClientWritableStream<Note>, texts: readonly string[]): void => {
    for (const text of texts) stream.write({ text })
    stream.end()
  }
  return {
    unary: (text) => one((answer) => stub.Unary({ text }, answer)),
    serverStream: (text) => all(stub.ServerStream({ text })),
    clientStream: (...texts) => one((answer) => send(stub.ClientStream(answer), texts)),
    async bidi(...texts) {
      const stream = stub.Bidi()
      send(stream, texts)
      return all(stream)
    },
    [Symbol.dispose]: () => stub.close(),
  }
}
