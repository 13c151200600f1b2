import { namesOf } from './certificate-names.ts'
import type { ClientCertificate } from '@octopus-gateway/core'
import type { TLSSocket } from 'node:tls'

/** A certificate that was verified, and when it, or one of those that signed it, ends to be valid: Unix milliseconds. */
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
  const until = endOf(socket)
  // A session that goes on is not verified again: resumed in time, again and again, it would outlive its certificate.
  if (!socket.authorized || !(until > Date.now())) return 'invalid'
  return { certificate: { fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(), names: namesOf(shown) }, until }
}

/**
 * The first end in a chain. A session that goes on has kept the client's own certificate alone: its issuers are then those that are trusted
 * here. What a client sends beside it need not be what it was verified with, so an issuer that has ended proves nothing after a verification.
 */
function endOf(socket: TLSSocket): number {
  const verified = socket.isSessionReused() ? -Infinity : Date.now()
  let one = socket.getPeerCertificate(true)
  let until = Date.parse(one.valid_to)
  // A root is its own issuer; of one that is not known there is none.
  while (one.issuerCertificate !== undefined && one.issuerCertificate !== one) {
    one = one.issuerCertificate
    const end = Date.parse(one.valid_to)
    if (end > verified) until = Math.min(until, end)
  }
  return until
}
