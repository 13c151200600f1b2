import { CompactSign, SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose'
import { specOf } from '../algorithms.ts'
import type { Algorithm } from '../algorithms.ts'
import type { CryptoKey, JWK, JWTPayload } from 'jose'

/** 64 bytes: enough for every HS algorithm. */
export const SECRET = 'a secret of sixty-four bytes, which is just enough for HS512 ....'.slice(0, 64)

/** The time at which test clocks begin, in milliseconds: a whole second. */
export const START = 1_800_000_000_000

/** Claims that every provider without rules accepts for an hour. */
export const CLAIMS: JWTPayload = { sub: 'ann', exp: START / 1000 + 3600 }

/** A pair of keys made for this run, and what a test needs of it. */
export interface Signer {
  readonly algorithm: Algorithm
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly pem: string
  readonly jwk: JWK
  sign(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>
}

const made = new Map<string, Promise<Signer>>()

/** The pair of keys of this algorithm and id; made once per run, since RSA keys take a while. */
export function signer(algorithm: Algorithm, kid: string = algorithm): Promise<Signer> {
  const id = `${algorithm} ${kid}`
  let pair = made.get(id)
  if (pair === undefined) {
    pair = makeSigner(algorithm, kid)
    made.set(id, pair)
  }
  return pair
}

async function makeSigner(algorithm: Algorithm, kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig' }
  return {
    algorithm,
    kid,
    privateKey,
    pem: await exportSPKI(publicKey),
    jwk,
    sign: (claims = CLAIMS, header = {}) => signed(claims, { alg: algorithm, kid, ...header }, privateKey),
  }
}

/** A token with this header; `alg` must be what the key does. */
export function signed(claims: JWTPayload, header: Readonly<Record<string, unknown>>, key: CryptoKey | Uint8Array): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(key)
}

/** A token signed with a secret. */
export function signedWithSecret(claims: JWTPayload = CLAIMS, algorithm: Algorithm = 'HS256', secret: string = SECRET): Promise<string> {
  return signed(claims, { alg: algorithm }, new TextEncoder().encode(secret))
}

/** A signature over any bytes. */
export function signedBytes(payload: Uint8Array, secret: string = SECRET): Promise<string> {
  return new CompactSign(payload).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
}

/** base64url without padding. */
export const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Algorithms with a key of their own kind, one of each. */
export const isAsymmetric = (algorithm: Algorithm): boolean => specOf(algorithm).kty !== 'oct'
