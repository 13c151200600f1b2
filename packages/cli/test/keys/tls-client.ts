import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { testCertificates } from '@octopus-gateway/testing'

/** How the handshake with a listener went. */
export interface Handshake {
  /** `TLSv1.3`, or the reason there is none. */
  readonly protocol: string
  /** The alternative names of the certificate that was shown. */
  readonly names: string
  readonly alpn: string | false
}

/** A TLS connection; closed with the test. Trusts the authority of the tests and asks for `localhost`. */
export async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: testCertificates().ca, ...options })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** One handshake, and what it settled. The name in the certificate may be any. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  const socket = await secure(port, { checkServerIdentity: () => undefined, ...options })
  const names = socket.getPeerX509Certificate()?.subjectAltName ?? ''
  const result = { protocol: socket.getProtocol() ?? '', names, alpn: socket.alpnProtocol ?? false }
  socket.destroy()
  return result
}

/** The status of a request over TLS and HTTP/1.1, or `refused` when the connection ends without an answer. */
export async function statusOver(port: number, options: ConnectionOptions & { readonly path?: string } = {}): Promise<number | 'refused'> {
  try {
    const socket = await secure(port, options)
    socket.write(`GET ${options.path ?? '/'} HTTP/1.1\r\nHost: ${options.servername ?? 'localhost'}\r\nConnection: close\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return text === '' ? 'refused' : Number(text.split(' ')[1])
  } catch {
    // A handshake that the listener ends, or ends right after it (TLS 1.3), is what a refusal looks like.
    return 'refused'
  }
}
