import { MOST_PAIRS, pairsIn } from '@octopus-gateway/discovery-support'

/** The pairs of a TXT record. One library writes its own metadata as `farp.meta.<key>`. */
export function pairsOf(strings: readonly string[]): Map<string, string> {
  return pairsIn(strings, (key) => key.replace(/^farp\.meta\./, ''))
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
