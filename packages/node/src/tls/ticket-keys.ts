import { createHash, hkdfSync } from 'node:crypto'
import type { Loaded } from './load.ts'

/** The 48 bytes that Node takes: equal for an equal secret and equal certificates, in whichever process. */
export function ticketKeys(secret: Uint8Array, { texts }: Pick<Loaded, 'texts'>): Buffer {
  const certificates = createHash('sha256')
  for (const text of texts) certificates.update(`${text.length}:${text}`)
  return Buffer.from(hkdfSync('sha256', secret, certificates.digest(), 'octopus session tickets', 48))
}
