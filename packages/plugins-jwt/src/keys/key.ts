import { importJWK } from 'jose'
import { RSA_BITS } from '../limits.ts'
import { specOf } from '../algorithms.ts'
import type { Algorithm } from '../algorithms.ts'
import type { MaybePromise } from '@octopus-gateway/core'
import type { TokenHeader } from '../token/header.ts'
import type { CryptoKey, JWK } from 'jose'

/** A key that verifies signatures. */
export interface VerificationKey {
  /** False as soon as its owner has withdrawn it: what it has signed counts no more. */
  isTrusted: boolean
  /** The key for one algorithm, or `null` when it is not made for it. */
  importFor(algorithm: Algorithm): MaybePromise<CryptoKey | null>
}

/** Where keys come from. */
export interface KeyProvider {
  /** Whether the keys at hand may be used without asking anybody. Cheap: asked for every request; may start a refresh in the background. */
  isCurrent(): boolean
  /** Keys that may have signed a token with this header; none when nobody we trust has. Throws when that cannot be found out. */
  find(header: TokenHeader, algorithm: Algorithm): MaybePromise<readonly VerificationKey[]>
  /** Lets go of everything; a fetch under way ends. */
  close(): void
}

/** The provider of keys that never change. */
export function fixedKeys(key: VerificationKey): KeyProvider {
  const keys = [key]
  return { isCurrent: () => true, find: () => keys, close: () => {} }
}

/** A key imported before. */
export function fixedKey(imported: ReadonlyMap<Algorithm, CryptoKey>): VerificationKey {
  return { isTrusted: true, importFor: (algorithm) => imported.get(algorithm) ?? null }
}

/** A public key of a key set. */
export class PublishedKey implements VerificationKey {
  isTrusted = true
  readonly kid: string | undefined
  /** Equal for equal keys. */
  readonly material: string
  readonly #jwk: JWK
  readonly #imported = new Map<Algorithm, Promise<CryptoKey | null>>()

  constructor(jwk: JWK) {
    this.#jwk = jwk
    this.kid = jwk.kid
    const { kty, kid, alg, use, key_ops: ops, crv, n, e, x, y } = jwk
    this.material = JSON.stringify([kty, kid, alg, use, ops, crv, n, e, x, y])
  }

  /** Whether the key is of the kind that this algorithm needs, and not meant for another one. */
  fits(algorithm: Algorithm): boolean {
    const { kty, crv } = specOf(algorithm)
    const jwk = this.#jwk
    return jwk.kty === kty && jwk.crv === crv && (jwk.alg === undefined || jwk.alg === algorithm)
  }

  importFor(algorithm: Algorithm): Promise<CryptoKey | null> {
    let imported = this.#imported.get(algorithm)
    if (imported === undefined) {
      const { kty, crv, n, e, x, y } = this.#jwk
      const bare = Object.fromEntries(Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined))
      // Not a key after all: then it has signed nothing.
      imported = importJWK(bare as JWK, algorithm).then(
        (key) => (key instanceof Uint8Array ? null : key),
        () => null,
      )
      this.#imported.set(algorithm, imported)
    }
    return imported
  }
}

/** Why an entry of a key set is not used, or `undefined` when it is. Unknown members are no reason (RFC 7517, section 4). */
export function objectionToKey(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const { kty, kid, alg, use, key_ops: ops } = jwk
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return 'it is not a public key for signatures'
  if ('d' in jwk) return 'it contains a private key'
  if (kid !== undefined && typeof kid !== 'string') return 'its kid is not a text'
  if (alg !== undefined && typeof alg !== 'string') return 'its alg is not a text'
  if (use !== undefined && use !== 'sig') return 'its use is not sig'
  if (ops !== undefined && !(Array.isArray(ops) && ops.includes('verify'))) return 'its key_ops do not include verify'
  if (kty !== 'RSA') return undefined
  const bits = typeof jwk['n'] === 'string' ? Math.floor((jwk['n'].length * 6) / 8) * 8 : 0
  return bits >= RSA_BITS.min && bits <= RSA_BITS.max ? undefined : `its modulus is not of ${RSA_BITS.min} to ${RSA_BITS.max} bits`
}
