/** More than this is no metadata of a service. */
const MOST_PAIRS = 64

/** The pairs of a TXT record; of two with one name the first counts (RFC 6763, 6.4). One library writes its own metadata as `farp.meta.<key>`. */
export function pairsIn(strings: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const text of strings) {
    const at = text.indexOf('=')
    const key = text.slice(0, at).replace(/^farp\.meta\./, '')
    if (at > 0 && /^[\w./-]+$/.test(key) && !pairs.has(key) && pairs.size < MOST_PAIRS) pairs.set(key, text.slice(at + 1))
  }
  return pairs
}

/**
 * What is said anew over what was said before: the same library leaves out who it is when it tells its health. The same object where that says
 * nothing new.
 */
export function mergedPairs(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if ([...now].every(([key, value]) => before.get(key) === value)) return before
  const merged = new Map(before)
  for (const [key, value] of now) if (merged.has(key) || merged.size < MOST_PAIRS) merged.set(key, value)
  return merged
}
