import { sameName } from '../headers.ts'
import type { HeaderList } from '../headers.ts'

/** The value of a cookie, as it was sent; `undefined` when there is none. Of several with the name the first one counts. */
export function cookieOf({ flat }: HeaderList, name: string): string | undefined {
  // Each field for itself: HTTP/2 may send every cookie in one of its own (RFC 9113, section 8.2.3), and values may hold commas.
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i]!.length !== 6 || !sameName(flat[i]!, 'cookie')) continue
    const found = valueIn(flat[i + 1]!, name)
    if (found !== undefined) return found
  }
  return undefined
}

function valueIn(field: string, name: string): string | undefined {
  for (let from = 0; from < field.length;) {
    const semicolon = field.indexOf(';', from)
    const end = semicolon === -1 ? field.length : semicolon
    const equals = field.indexOf('=', from)
    if (equals !== -1 && equals < end && field.slice(from, equals).trim() === name) return field.slice(equals + 1, end).trim()
    from = end + 1
  }
  return undefined
}
