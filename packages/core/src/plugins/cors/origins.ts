/** `https://*.example.com`: the scheme, the domain below which every name counts, the port where it is not the scheme's own. */
const WILDCARD = /^(https?:\/\/)\*(\.[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d+)?)$/
const EXACT = /^[a-z][a-z\d+.-]*:\/\/(?:[a-z\d](?:[a-z\d._-]*[a-z\d])?|\[[\da-f:.]+\])(?::\d+)?$/
/** One or more labels of a host name. Nothing in them can end the name early. */
const LABELS = /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/

/** Which origins may read answers. */
export interface Origins {
  /** Every origin, by `*`. */
  readonly any: boolean
  /** Whether a value of `Origin` (RFC 6454, section 6.2) is one of them. */
  has(origin: string): boolean
}

/** What is wrong with an entry of `allowedOrigins`, or `undefined`. */
export function originProblem(entry: string): string | undefined {
  if (entry === '*') return undefined
  if (entry === 'null') return '"null" is the origin of every sandboxed page: whoever it would admit, it admits everybody.'
  const lower = entry.toLowerCase()
  if (WILDCARD.test(lower) || EXACT.test(lower)) return undefined
  return `"${entry}" is not an origin: write https://shop.example, https://*.shop.example or *, with the port where it is not the scheme's own and nothing behind it.`
}

/** The origins of a list whose entries are valid. */
export function parseOrigins(entries: readonly string[]): Origins {
  const exact = new Set<string>()
  const wildcards: { readonly scheme: string; readonly suffix: string }[] = []
  for (const entry of entries) {
    const match = WILDCARD.exec(entry.toLowerCase())
    if (match === null) exact.add(withoutDefaultPort(entry.toLowerCase()))
    else wildcards.push({ scheme: match[1]!, suffix: withoutDefaultPort(match[1]! + match[2]!).slice(match[1]!.length) })
  }
  const any = exact.delete('*')
  return {
    any,
    has: (origin) =>
      any ||
      exact.has(origin) ||
      wildcards.some(
        ({ scheme, suffix }) =>
          origin.startsWith(scheme) &&
          origin.endsWith(suffix) &&
          LABELS.test(origin.slice(scheme.length, Math.max(scheme.length, origin.length - suffix.length))),
      ),
  }
}

/** Browsers leave it out (HTML standard, serialization of an origin). */
function withoutDefaultPort(origin: string): string {
  return origin.replace(/^(http:.*):80$|^(https:.*):443$/, '$1$2')
}
