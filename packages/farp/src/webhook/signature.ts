import { createHmac, timingSafeEqual } from 'node:crypto'

const PREFIX = 'sha256='

/** The value of `X-FARP-Signature` for a body: `sha256=` and the lower-case hexadecimal HMAC-SHA256 of its bytes. */
export function signatureOf(secret: string, body: Uint8Array): string {
  return PREFIX + createHmac('sha256', secret).update(body).digest('hex')
}

/**
 * Whether a signature is that of a body, compared in constant time. An empty secret signs nothing: anybody can compute that signature. Pure ASCII in, so
 * that both sides have as many bytes as characters.
 */
export function isSigned(signature: string, body: Uint8Array, secret: string): boolean {
  if (secret === '' || !/^sha256=[0-9a-f]{64}$/.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(secret, body)))
}
