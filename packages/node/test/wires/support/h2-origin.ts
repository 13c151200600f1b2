import { createSecureServer, createServer } from 'node:http2'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { testCertificates } from '@octopus-gateway/testing'
import type { AddressInfo, Socket } from 'node:net'
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  SecureServerOptions,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'

/** Answers a stream. */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) => void

/** A server of `node:http2` on loopback that ends with the test. */
export interface H2Origin {
  readonly origin: string
  readonly port: number
  /** Connections so far. */
  readonly sessions: ServerHttp2Session[]
  /** Streams so far. */
  readonly streams: ServerHttp2Stream[]
  readonly sockets: Socket[]
  close(): void
}

/** HTTP/2 in the clear, or over TLS (as `localhost`) where `tls` is given. */
export async function h2Origin(handler: StreamHandler, options: SecureServerOptions & { readonly tls?: boolean } = {}): Promise<H2Origin> {
  const { tls = false, ...rest } = options
  const server: Http2Server | Http2SecureServer = tls ? createSecureServer({ ...testCertificates().server, ...rest }) : createServer(rest)
  const sessions: ServerHttp2Session[] = []
  const streams: ServerHttp2Stream[] = []
  const sockets: Socket[] = []
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => sockets.push(socket))
  server.on('session', (session: ServerHttp2Session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw?: string[]) => {
    streams.push(stream)
    stream.on('error', () => {})
    handler(stream, headers, raw ?? [])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.close()
    for (const session of sessions) session.destroy()
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(close)
  return { origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, port, sessions, streams, sockets, close }
}
