import { algorithmsOfSecret } from '../algorithms.ts'
import type { Algorithm } from '../algorithms.ts'
import type { CryptoKey } from 'jose'

/** A secret for each of the wanted algorithms, or for all that it is long enough for. */
export async function importSecret(secret: string, wanted: readonly Algorithm[] | undefined): Promise<ReadonlyMap<Algorithm, CryptoKey>> {
  const bytes = new TextEncoder().encode(secret)
  const imported = new Map<Algorithm, CryptoKey>()
  for (const algorithm of wanted ?? algorithmsOfSecret(bytes.length)) {
    const hmac = { name: 'HMAC', hash: `SHA-${algorithm.slice(2)}` }
    imported.set(algorithm, await crypto.subtle.importKey('raw', bytes, hmac, false, ['verify']))
  }
  return imported
}
