/** Where a claim is: its name, or a path of names through objects. */
export interface ClaimPath {
  readonly name: string
  /** The parts between dots; `null` when there is no dot. */
  readonly parts: readonly string[] | null
}

/** `roles`, `realm_access.roles`, `https://example.com/roles`. */
export function parseClaimPath(text: string): ClaimPath {
  return { name: text, parts: text.includes('.') ? text.split('.') : null }
}

/** The claim of exactly this name, which may have dots (RFC 7519, section 4.2 advises URLs), or the one at the end of the path. */
export function claimAt(claims: Readonly<Record<string, unknown>>, { name, parts }: ClaimPath): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = parts === null ? undefined : claims
  for (const part of parts ?? []) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}
