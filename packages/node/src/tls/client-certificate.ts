import { namesOf } from './certificate-names.ts'
import type { ClientCertificate } from '@octopus-gateway/core'
import type { TLSSocket } from 'node:tls'

/**
 * The verified certificate of a client; `undefined` when it has shown none; `'invalid'` when it has shown one that does not hold. Its subject
 * is not passed on: a common name is free text, and rules about parts of it have let strangers in.
 */
export function clientCertificate(socket: TLSSocket): ClientCertificate | undefined | 'invalid' {
  const shown = socket.getPeerX509Certificate()
  if (shown === undefined) return undefined
  if (!socket.authorized) return 'invalid'
  return { fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(), names: namesOf(shown) }
}
