import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'

/** `X-FARP-Signature` for a body. */
export function signatureOf(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Whether a signature is that of a body. Never with an empty secret; in constant time. */
export function isSigned(body: Uint8Array, signature: string | null, secret: string): boolean {
  if (secret === '' || signature === null) return false
  const wanted = Buffer.from(signatureOf(secret, body))
  const given = Buffer.from(signature)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
