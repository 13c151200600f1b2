import { connect } from 'node:http2'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'

/** An answer on a stream, to its end. */
export interface StreamAnswer {
  readonly status: number
  /** The first value of a field. */
  header(name: string): string | undefined
  /** Flat lists, as received. */
  readonly head: readonly string[]
  readonly trailers: readonly string[]
  /** Interim heads before it. */
  readonly interim: readonly OutgoingHttpHeaders[]
  readonly body: string
  readonly rstCode: number
  /** Whether head and end came in one frame. */
  readonly isTrailersOnly: boolean
}

/** A session in the clear that ends with the test. */
export function session(port: number): ClientHttp2Session {
  const opened = connect(`http://127.0.0.1:${port}`)
  opened.on('error', () => {})
  onTestFinished(() => opened.destroy())
  return opened
}

const END_STREAM = 1

/** Reads a stream to its close. Never rejects: a reset is part of the answer. */
export async function answerOf(stream: ClientHttp2Stream): Promise<StreamAnswer> {
  let head: readonly string[] = []
  let trailers: readonly string[] = []
  let isTrailersOnly = false
  let body = ''
  const interim: OutgoingHttpHeaders[] = []
  stream.on('error', () => {})
  stream.on('headers', (fields) => interim.push(fields))
  stream.on('response', ((_fields: unknown, flags: number, raw: readonly string[]) => {
    head = raw
    isTrailersOnly = (flags & END_STREAM) !== 0
  }) as never)
  stream.on('trailers', ((_fields: unknown, _flags: number, raw: readonly string[]) => (trailers = raw)) as never)
  stream.setEncoding('utf8')
  stream.on('data', (piece: string) => (body += piece))
  await once(stream, 'close')
  const header = (name: string): string | undefined => {
    const at = head.findIndex((field, index) => index % 2 === 0 && field === name)
    return at === -1 ? undefined : head[at + 1]
  }
  return { status: Number(header(':status') ?? Number.NaN), header, head, trailers, interim, body, rstCode: stream.rstCode, isTrailersOnly }
}

/** One request on a session. */
export function ask(on: ClientHttp2Session, fields: OutgoingHttpHeaders = {}, body?: string): Promise<StreamAnswer> {
  const stream = on.request({ ':path': '/', ...fields }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answerOf(stream)
}
