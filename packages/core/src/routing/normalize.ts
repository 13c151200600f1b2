/**
 * The path of a request target, safe to match on, or `null` when the target must be refused with 400.
 *
 * One function for both lanes, before matching: a target that an upstream might read as another path than the one that was matched (dot
 * segments in any spelling, backslashes, empty segments, control bytes, overlong UTF-8) would leave a route's base path or slip past the
 * policies of the route it really means. Everything else is matched as it is and forwarded byte for byte.
 */
export function pathOf(target: string): string | null {
  if (target.charCodeAt(0) !== SLASH) return null
  let encoded = false
  let previous = 0
  let end = target.length
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === QUESTION) {
      end = i
      break
    }
    if (code <= 0x20 || code >= 0x7f || code === BACKSLASH || code === HASH) return null
    if (code === PERCENT) encoded = true
    else if (previous === SLASH && (code === SLASH || (code === DOT && isDotSegment(target, i)))) return null
    previous = code
  }
  if (!isQuerySafe(target, end)) return null
  const path = end === target.length ? target : target.slice(0, end)
  return encoded && !isEncodingSafe(path) ? null : path
}

const SLASH = 0x2f
const DOT = 0x2e
const QUESTION = 0x3f
const HASH = 0x23
const PERCENT = 0x25
const BACKSLASH = 0x5c
const SEMICOLON = 0x3b

/** `.` or `..` up to a slash, the query, the end, or `;`: Java servers drop what follows a semicolon before they resolve dots. */
function isDotSegment(target: string, at: number): boolean {
  const next = target.charCodeAt(at + 1) === DOT ? at + 2 : at + 1
  if (next >= target.length) return true
  const code = target.charCodeAt(next)
  return code === SLASH || code === QUESTION || code === SEMICOLON
}

function isQuerySafe(target: string, from: number): boolean {
  for (let i = from; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code === 0x7f || code > 0xff || code === HASH) return false
  }
  return true
}

/** Looks at the path as a server sees it that decodes first and splits afterwards. `%2F` itself is data and allowed. */
function isEncodingSafe(path: string): boolean {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return false
  }
  if (/[\u0000-\u001f\u007f\\]/.test(decoded)) return false
  return !/(?:^|\/)\.\.?(?:[/;?#]|$)/.test(decoded)
}
