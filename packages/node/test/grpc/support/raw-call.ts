import { connect } from 'node:http2'
import { onTestFinished } from 'vitest'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'

/** What a client of HTTP/2 sees of a call, frame by frame. */
export interface RawAnswer {
  readonly status: number
  readonly fields: Readonly<Record<string, string | undefined>>
  /** Whether the head was all there is: END_STREAM on it. */
  readonly isTrailersOnly: boolean
  readonly body: Buffer
  readonly trailers: Readonly<Record<string, string | undefined>>
  readonly rstCode: number
}

/** A connection that ends with the test. */
export function rawSession(origin: string): ClientHttp2Session {
  const session = connect(origin)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  return session
}

/** Starts a call; the caller writes its messages. */
export function rawCall(
  session: ClientHttp2Session,
  path: string,
  fields: OutgoingHttpHeaders = {},
): { readonly stream: ClientHttp2Stream; readonly answer: Promise<RawAnswer> } {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...fields })
  const answer = new Promise<RawAnswer>((resolve) => {
    let head: Record<string, string | undefined> = {}
    let trailers: Record<string, string | undefined> = {}
    let isTrailersOnly = false
    const pieces: Buffer[] = []
    stream.on('response', (received, flags) => {
      head = received as never
      isTrailersOnly = (flags & 1) !== 0
    })
    stream.on('trailers', (received) => (trailers = received as never))
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('error', () => {})
    stream.on('close', () =>
      resolve({
        status: Number(head[':status']),
        fields: head,
        isTrailersOnly,
        body: Buffer.concat(pieces),
        trailers,
        rstCode: stream.rstCode ?? 0,
      }),
    )
  })
  return { stream, answer }
}

/** One message in its frame (flag and length). */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
