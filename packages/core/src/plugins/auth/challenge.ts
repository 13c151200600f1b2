import type { Denial } from './provider.ts'

/** Longest description that is passed on. */
const MAX_DESCRIPTION = 200

/** One challenge of `WWW-Authenticate` (RFC 9110, section 11.6.1), with the attributes of RFC 6750, section 3. */
export function challenge(scheme: string, attributes: readonly (readonly [string, string])[] = []): string {
  const all = [['realm', 'octopus'] as const, ...attributes]
  return `${scheme} ${all.map(([name, value]) => `${name}="${value}"`).join(', ')}`
}

/** Why a credential did not count. */
export function ofDenial({ error, description }: Denial): (readonly [string, string])[] {
  return [
    ['error', error],
    ['error_description', plain(description).slice(0, MAX_DESCRIPTION)],
  ]
}

/** What would have been enough. Roles are not told: they are the inside of the gateway. */
export function ofScopes(scopes: readonly string[]): (readonly [string, string])[] {
  const error = ['error', 'insufficient_scope'] as const
  return scopes.length === 0 ? [error] : [error, ['scope', plain(scopes.join(' '))]]
}

/** The characters that RFC 6750 allows, which none of them ends the quotes. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')
}
