import type { HeaderList } from '../../headers.ts'
import type { Identity } from './provider.ts'

/** The names of the fields by which upstreams learn who calls, in lower case. */
export interface IdentityHeaders {
  readonly principal: string
  readonly roles: string
  readonly scopes: string
}

/** Tells an upstream who calls. What there is nothing to say about is not sent. */
export function writeIdentity(headers: HeaderList, names: IdentityHeaders, { principal, roles, scopes }: Identity): void {
  headers.set(names.principal, encoded(principal))
  if (roles.length > 0) headers.set(names.roles, roles.map(encoded).join(','))
  if (scopes.length > 0) headers.set(names.scopes, scopes.map(encoded).join(' '))
}

/** Percent-encodes what is not visible ASCII, the `,` that separates roles and `%` itself: a name cannot end its field or pose as two. */
function encoded(text: string): string {
  if (/^[\x21-\x24\x26-\x2b\x2d-\x7e]*$/.test(text)) return text
  let out = ''
  for (const byte of new TextEncoder().encode(text)) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x2c
    out += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}
