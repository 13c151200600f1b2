/**
 * Whether a path-rule glob matches a path: `*` is one segment, `**` any number of them, and a `*` inside a segment any run of characters in it.
 * Leading and trailing slashes do not matter. Linear in both lengths per segment: patterns come from the network.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  return matchesParts(partsOf(pattern), partsOf(path))
}

/** The same for what was taken apart before, with many patterns and many paths. */
export function matchesParts(pattern: readonly string[], path: readonly string[]): boolean {
  return matchList(pattern, path, PARTS)
}

const PARTS: Rules = { isMany: (part) => part === '**', isMatch: matchesSegment }

/** The segments of a pattern or a path. */
export function partsOf(text: string): string[] {
  const inner = text.replace(/^\/+/, '').replace(/\/+$/, '')
  return inner === '' ? [] : inner.split('/')
}

function matchesSegment(pattern: string, segment: string): boolean {
  if (pattern === '*' || pattern === segment) return true
  if (!pattern.includes('*')) return false
  return matchList([...pattern], [...segment], { isMany: (char) => char === '*', isMatch: (a, b) => a === b })
}

interface Rules {
  readonly isMany: (part: string) => boolean
  readonly isMatch: (part: string, item: string) => boolean
}

/** The classic wildcard walk: on a mismatch the last "many" takes one more item, so no backtracking grows beyond one level. */
function matchList(pattern: readonly string[], items: readonly string[], { isMany, isMatch }: Rules): boolean {
  let p = 0
  let i = 0
  let many = -1
  let resume = 0
  while (i < items.length) {
    if (p < pattern.length && isMany(pattern[p]!)) {
      many = p++
      resume = i
    } else if (p < pattern.length && isMatch(pattern[p]!, items[i]!)) {
      p++
      i++
    } else if (many !== -1) {
      p = many + 1
      i = ++resume
    } else return false
  }
  while (p < pattern.length && isMany(pattern[p]!)) p++
  return p === pattern.length
}
