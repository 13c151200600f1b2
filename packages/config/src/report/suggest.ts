import { closest } from '@octopus-gateway/core'

/** The candidate a mistyped word most likely means, or `undefined` when none is close. Letter case, `-` and `_` do not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word)
  const byPlain = new Map([...candidates].map((candidate) => [plain(candidate), candidate]))
  // Another single letter is another word, not the same one mistyped.
  const found = wanted.length > 1 ? closest(wanted, byPlain.keys()) : wanted
  return byPlain.get(found ?? [...byPlain.keys()].find((candidate) => begins(wanted, candidate)) ?? wanted)
}

/** `warning` for `warn`, `kube` for `kubernetes`. */
function begins(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a))
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '')
}
