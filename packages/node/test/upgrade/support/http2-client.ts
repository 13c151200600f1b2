import { connect, constants } from 'node:http2'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  SecureClientSessionOptions,
} from 'node:http2'

/** A connection over HTTP/2 that ends with the test. */
export async function http2Client(url: string, options: SecureClientSessionOptions = {}): Promise<ClientHttp2Session> {
  const session = connect(url, options)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

/** One stream of a handshake, with what came on it. */
export interface StreamTunnel {
  readonly stream: ClientHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly isEnded: boolean
  /** The code of RST_STREAM, or `undefined` while it is open. */
  readonly closed: Promise<number>
}

/** Extended CONNECT (RFC 8441). Resolves with the head of the answer. */
export async function extendedConnect(session: ClientHttp2Session, path = '/', fields: OutgoingHttpHeaders = {}): Promise<StreamTunnel> {
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'shop.test',
      ':path': path,
      'sec-websocket-version': '13',
      ...fields,
    },
    { endStream: false },
  )
  const pieces: Buffer[] = []
  let isEnded = false
  stream.on('error', () => {})
  stream.on('data', (piece: Buffer) => void pieces.push(piece))
  stream.on('end', () => (isEnded = true))
  const closed = new Promise<number>((resolve) => stream.once('close', () => resolve(stream.rstCode ?? constants.NGHTTP2_NO_ERROR)))
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  return {
    stream,
    headers,
    closed,
    get bytes() {
      return Buffer.concat(pieces)
    },
    get isEnded() {
      return isEnded
    },
  }
}
