/** What an algorithm of JWS (RFC 7518, section 3.1; RFC 8037) asks of its key. */
export interface AlgorithmSpec {
  readonly kty: 'oct' | 'RSA' | 'EC' | 'OKP'
  readonly crv?: string
  /** Least bytes of a secret: the size of the hash (RFC 7518, section 3.2). */
  readonly secretBytes?: number
}

/** Every algorithm a token may be signed with. `none` is not one. */
export const ALGORITHMS = {
  HS256: { kty: 'oct', secretBytes: 32 },
  HS384: { kty: 'oct', secretBytes: 48 },
  HS512: { kty: 'oct', secretBytes: 64 },
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
} as const satisfies Readonly<Record<string, AlgorithmSpec>>

/** The name of an algorithm as tokens spell it. */
export type Algorithm = keyof typeof ALGORITHMS

/** All names, in the order of the table. */
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as readonly Algorithm[]

/** What an algorithm asks of its key. */
export const specOf = (algorithm: Algorithm): AlgorithmSpec => ALGORITHMS[algorithm]

/** Whether an algorithm needs a secret that both sides hold. */
export const isSymmetric = (algorithm: Algorithm): boolean => specOf(algorithm).kty === 'oct'

/** Those that a public key can verify. */
export const PUBLIC_KEY_ALGORITHMS: readonly Algorithm[] = ALGORITHM_NAMES.filter((name) => !isSymmetric(name))

/** Those for which a secret of this many bytes is long enough. */
export function algorithmsOfSecret(bytes: number): readonly Algorithm[] {
  return ALGORITHM_NAMES.filter((name) => isSymmetric(name) && bytes >= specOf(name).secretBytes!)
}
