import { namesOf } from './certificate-names.ts'
import type { ClientCertificate } from '@octopus-gateway/core'
import type { TLSSocket } from 'node:tls'

/** A certificate that was verified, and the end of its validity: Unix milliseconds. */
export interface VerifiedClient {
  readonly certificate: ClientCertificate
  readonly until: number
}

/**
 * The verified certificate of a client; `undefined` when it has shown none; `'invalid'` when it has shown one that does not hold. Its subject
 * is not passed on: a common name is free text, and rules about parts of it have let strangers in.
 */
export function clientCertificate(socket: TLSSocket): VerifiedClient | undefined | 'invalid' {
  const shown = socket.getPeerX509Certificate()
  if (shown === undefined) return undefined
  const until = Date.parse(shown.validTo)
  // A session that goes on is not verified again: resumed in time, again and again, it would outlive its certificate.
  if (!socket.authorized || !(until > Date.now())) return 'invalid'
  return { certificate: { fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(), names: namesOf(shown) }, until }
}
