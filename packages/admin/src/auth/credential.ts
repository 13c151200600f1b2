/** A user name and a password as a client sent them. */
export interface Credential {
  readonly username: string
  readonly password: string
}

/**
 * The credential in an Authorization field of the Basic scheme (RFC 7617): base64 of UTF-8, user name up to the first colon.
 * `undefined` for everything else: another scheme, broken base64 or UTF-8, no colon, control characters.
 */
export function parseBasic(field: string | null): Credential | undefined {
  const token = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(field ?? '')?.[1]
  if (token === undefined || token.length > 4096 || token.replace(/=+$/, '').length % 4 === 1) return undefined
  const text = decode(token)
  if (text === undefined || /\p{Cc}/u.test(text)) return undefined
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function decode(token: string): string | undefined {
  const bytes = Uint8Array.from(atob(token.replace(/=+$/, '')), (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined // not UTF-8: refused like any other malformed field
  }
}
