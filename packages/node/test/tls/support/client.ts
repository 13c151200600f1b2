import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { request } from 'node:https'
import { testCertificates } from '@octopus-gateway/testing'
import type { ConnectionOptions, TLSSocket } from 'node:tls'

/** An answer over HTTPS. */
export interface SecureAnswer {
  readonly status: number
  readonly body: string
  /** The certificate that was shown, as a fingerprint. */
  readonly fingerprint: string
  json(): Record<string, unknown>
}

/** One request over HTTP/1.1 and a connection of its own. Trusts the authority of the tests; rejects as `node:https` does. */
export function get(
  port: number,
  options: ConnectionOptions & { readonly host?: string; readonly path?: string } = {},
): Promise<SecureAnswer> {
  const { host = 'localhost', path = '/', ...tls } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, agent: false, headers: { host }, ca: testCertificates().ca, servername: 'localhost', ...tls },
      (response) => {
        const { fingerprint256 } = (response.socket as TLSSocket).getPeerX509Certificate()!
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => (body += piece))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            body,
            fingerprint: fingerprint256,
            json: () => JSON.parse(body) as Record<string, unknown>,
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

/** A connection after its handshake; it ends with the test. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: testCertificates().ca, servername: 'localhost', ...options })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}
