/** More than this is no metadata of a service. */
export const MOST_PAIRS = 64

/** The pairs of TXT records, each `key=value`: of two with one name the first counts (RFC 6763, 6.4). `nameOf` says what a key is called. */
export function pairsIn(texts: Iterable<string>, nameOf: (key: string) => string = (key) => key): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const text of texts) {
    const at = text.indexOf('=')
    const name = nameOf(text.slice(0, at))
    // The RFC allows more; what has blanks in its name is a sentence.
    if (at > 0 && /^[\w./-]+$/.test(name) && !pairs.has(name) && pairs.size < MOST_PAIRS) pairs.set(name, text.slice(at + 1))
  }
  return pairs
}
