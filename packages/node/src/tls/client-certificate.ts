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
  // A session that goes on is not verified again: resumed in time, again and again, it would outlive its certificate.
  if (Date.parse(shown.validTo) < Date.now()) return 'invalid'
  return { fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(), names: namesOf(shown) }
}
