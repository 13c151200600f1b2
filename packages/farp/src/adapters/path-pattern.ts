import { toWellFormed } from '@octopus-gateway/farp-digest'

/** A schema's path in the gateway's route syntax, or why it cannot be one. */
export type PathPattern = { readonly pattern: string; readonly key: string } | { readonly problem: string }

/** Every path is compared with rules and globs, segment by segment. */
const MOST_SEGMENTS = 64

/**
 * Translates an OpenAPI path. `{name}` stays a parameter; everything else is literal, so a `:` or `*` that begins a segment is percent-encoded
 * (it would be syntax). Dot segments, empty segments, encoded slashes and control characters would let a schema reach outside its mount.
 */
export function toPathPattern(path: string): PathPattern {
  if (!path.startsWith('/')) return { problem: 'it does not start with "/"' }
  if (path.length > 2048) return { problem: 'it is longer than 2048 characters' }
  if (/[?#\\\p{Cc}]/u.test(path)) return { problem: 'it contains ?, #, a backslash or a control character' }
  if (!isEncodedRight(path)) return { problem: 'it contains an invalid percent-encoding' }
  if (/%(?:2f|5c|0\d|1[0-9a-f]|7f)/i.test(path)) return { problem: 'it contains an encoded slash, backslash or control character' }
  const segments = path.slice(1).split('/')
  if (segments.length > MOST_SEGMENTS) return { problem: `it has more than ${MOST_SEGMENTS} segments` }
  if (segments.slice(0, -1).includes('')) return { problem: 'it contains an empty segment' }
  if (segments.some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) return { problem: 'it contains a dot segment' }
  const names = new Set<string>()
  const patterns: string[] = []
  const keys: string[] = []
  for (const segment of segments) {
    const parsed = parseSegment(segment, names)
    if ('problem' in parsed) return parsed
    patterns.push(parsed.pattern)
    keys.push(parsed.key)
  }
  return { pattern: `/${patterns.join('/')}`, key: `/${keys.join('/')}` }
}

function parseSegment(segment: string, names: Set<string>): PathPattern {
  const parts = segment.split(/\{([^{}]*)\}/)
  let pattern = ''
  let key = ''
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      if (/[{}]/.test(part)) return { problem: 'its braces do not match' }
      if (part === '' && index > 0 && index < parts.length - 1) return { problem: 'two parameters stand side by side' }
      pattern += literal(part)
      key += literal(part)
    } else {
      const name = part.replaceAll(/[^\w.-]/g, '_').slice(0, 128)
      if (name === '' || names.has(name)) return { problem: 'a parameter has no name or the name of another one' }
      names.add(name)
      pattern += `{${name}}`
      key += '{}'
    }
  }
  const isSyntax = pattern.startsWith(':') || pattern.startsWith('*')
  const first = pattern.startsWith(':') ? '%3A' : '%2A'
  return { pattern: isSyntax ? first + pattern.slice(1) : pattern, key: isSyntax ? first + key.slice(1) : key }
}

/** Whether every percent-encoding is one, and their bytes are UTF-8. */
function isEncodedRight(path: string): boolean {
  try {
    for (const run of path.match(/(?:%[^%]{0,2})+/g) ?? []) decodeURIComponent(run)
    return true
  } catch {
    // The only failure of decoding is malformed input, which is the answer.
    return false
  }
}

function literal(text: string): string {
  return text.replaceAll(/[^\u0021-\u007e]+/g, (run) => encodeURIComponent(toWellFormed(run)))
}
