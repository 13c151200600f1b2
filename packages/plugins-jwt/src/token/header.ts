import type { Denial } from '@octopus-gateway/core/plugins'

/** The header of a token as far as it counts. Keys that a token brings along (`jwk`, `jku`, `x5c`, `x5u`) are never looked at. */
export interface TokenHeader {
  readonly alg: string
  readonly kid: string | undefined
}

const NO_TOKEN: Denial = { error: 'invalid_token', description: 'The credential is not a signed JSON Web Token' }
const EXTENDED: Denial = { error: 'invalid_token', description: 'The token uses extensions that are not understood' }
const OTHER_TYPE: Denial = { error: 'invalid_token', description: 'The token is of another type than an access token' }

/** Media types of access tokens, with or without `application/` (RFC 7515, section 4.1.9; RFC 9068, section 2.1). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt'])

/**
 * The header of a compact JWS. Refused are extensions the token calls critical (RFC 7515, section 4.1.11: we understand none) and types
 * made for something else, such as `logout+jwt` or `dpop+jwt`, which the same key may have signed (RFC 8725, section 3.11).
 */
export function readTokenHeader(token: string): TokenHeader | Denial {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return NO_TOKEN
  const header = parseObject(decodeText(token.slice(0, token.indexOf('.'))))
  if (header === undefined) return NO_TOKEN
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return NO_TOKEN
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return EXTENDED
  if (typ !== undefined && !isTypeOfToken(typ)) return OTHER_TYPE
  return { alg, kid }
}

function isTypeOfToken(typ: unknown): boolean {
  return typeof typ === 'string' && TYPES.has(typ.toLowerCase().replace(/^application\//, ''))
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of bytes, or `undefined` when they are not UTF-8. */
export function toText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    // The only failure is that it is not UTF-8, which is the answer.
    return undefined
  }
}

function decodeText(base64url: string): string | undefined {
  try {
    const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
    return toText(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
  } catch {
    // The only failure is that it is not base64, which is the answer.
    return undefined
  }
}

/** The JSON object in a text, without a prototype; `undefined` when there is none. */
export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.assign(Object.create(null) as Record<string, unknown>, value)
  } catch {
    // The only failure is that it is not JSON, which is the answer.
    return undefined
  }
}
