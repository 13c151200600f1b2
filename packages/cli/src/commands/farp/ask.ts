import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** A question to an admin listener. */
export interface Question {
  readonly headers: Readonly<Record<string, string>>
  /** JSON to post; without it the question is a GET. */
  readonly body?: string
  /** PEM texts: whom to trust in the place of the authorities that Node knows, and who asks. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** Milliseconds. */
  readonly patience: number
  /** More bytes than this are not read. */
  readonly most: number
}

/** Asks once, over a connection of its own; redirects are not followed. Rejects where there is no whole answer. */
export function ask(
  url: URL,
  { headers, body, tls, patience, most }: Question,
): Promise<{ readonly status: number; readonly text: string }> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    // After a 101 that nobody asked for, Node closes with neither an error nor a response. Of a response that is cut, its own error says more.
    const unanswered = (): void => reject(new Error('the connection was closed without an answer'))
    const sent = request(
      url,
      { method: body === undefined ? 'GET' : 'POST', headers, agent: false, signal: AbortSignal.timeout(patience), ...tls },
      (response) => {
        sent.off('close', unanswered)
        const pieces: Buffer[] = []
        let bytes = 0
        response.on('data', (piece: Buffer) => {
          bytes += piece.length
          if (bytes > most) response.destroy(new Error('the answer is longer than can be read'))
          else pieces.push(piece)
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }))
      },
    )
    sent.on('error', reject)
    sent.on('close', unanswered)
    sent.end(body)
  })
}

const UNTRUSTED: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Why there is no answer, and what to do about it. */
export function reasonOf(error: unknown, { url, tls }: { readonly url: URL; readonly tls: Question['tls'] }): string {
  const { code } = error as { readonly code?: unknown }
  const message = error instanceof Error ? error.message || error.name : String(error)
  if (UNTRUSTED.has(code)) return `${message}; name who signed its certificate with --ca`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `${message}; name the host that its certificate is for with --admin-url`
  const isCut = code === 'ECONNRESET' || code === 'EPIPE' || (typeof code === 'string' && code.startsWith('ERR_SSL_'))
  if (!isCut) return message
  if (url.protocol === 'http:') return `${message}; where it speaks HTTPS, say so with --admin-url`
  return tls.cert === undefined ? `${message}; where it asks for a client certificate, show one with --cert and --key` : message
}
