import { withoutEndSlashes } from '../text.ts'

/**
 * Whether a path-rule glob matches a path: `*` is one segment, `**` any number of them, and a `*` inside a segment any run of characters in it.
 * Leading and trailing slashes do not matter. Patterns come from the network, and paths as well.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  return matchesParts(partsOf(pattern), partsOf(path))
}

/** The same for what was taken apart before, with many patterns and many paths: on a mismatch the last `**` takes one more segment, no more. */
export function matchesParts(pattern: readonly string[], path: readonly string[]): boolean {
  let p = 0
  let i = 0
  let many = -1
  let resume = 0
  while (i < path.length) {
    if (p < pattern.length && pattern[p] === '**') {
      many = p++
      resume = i
    } else if (p < pattern.length && matchesSegment(pattern[p]!, path[i]!)) {
      p++
      i++
    } else if (many !== -1) {
      p = many + 1
      i = ++resume
    } else return false
  }
  while (p < pattern.length && pattern[p] === '**') p++
  return p === pattern.length
}

/** The segments of a pattern or a path. */
export function partsOf(text: string): string[] {
  const inner = withoutEndSlashes(text.replace(/^\/+/, ''))
  return inner === '' ? [] : inner.split('/')
}

/** Piece by piece, each where it is found first: a walk that goes back would cost as much as both lengths multiplied. */
function matchesSegment(pattern: string, segment: string): boolean {
  if (pattern === '*' || pattern === segment) return true
  // The usual case.
  if (!pattern.includes('*')) return false
  const pieces = pattern.split('*')
  const [first, last] = [pieces.shift()!, pieces.pop()!]
  if (segment.length < first.length + last.length || !segment.startsWith(first) || !segment.endsWith(last)) return false
  const end = segment.length - last.length
  let at = first.length
  for (const piece of pieces) {
    const found = segment.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}
