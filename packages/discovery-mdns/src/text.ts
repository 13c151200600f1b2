import { MOST_PAIRS, pairsIn } from '@octopus-gateway/discovery-support'

/** The pairs of a TXT record. */
export type Pairs = ReadonlyMap<string, string>

/**
 * The pairs of a TXT record over those that were there before: one library leaves out who it is when it tells its health, and writes its own metadata as
 * `farp.meta.<key>`. The same object where that says nothing new.
 */
export function pairsOver(strings: readonly string[], before: Pairs | undefined): Pairs {
  const now = pairsIn(strings, (key) => key.replace(/^farp\.meta\./, ''))
  if (before === undefined) return now
  if ([...now].every(([key, value]) => before.get(key) === value)) return before
  const merged = new Map(before)
  for (const [key, value] of now) if (merged.has(key) || merged.size < MOST_PAIRS) merged.set(key, value)
  return merged
}
