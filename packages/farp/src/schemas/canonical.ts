import { sha256, writeJson } from '@octopus-gateway/farp-digest'
import { decodeUtf8 } from './utf8.ts'
import type { JsonStyle } from '@octopus-gateway/farp-digest'

export { canonicalJson, schemaHash } from '@octopus-gateway/farp-digest'

/**
 * Whether a schema's declared hash fits, for any of the ways producers compute it: the bytes as served, without trailing white space, Go's
 * canonical form (both spellings of `\b` and `\f`), the same without HTML escaping, and document order. Without bytes only parsed forms count.
 */
export function isHashOf(declared: string, content: { readonly bytes?: Uint8Array; readonly value: unknown }): boolean {
  const wanted = declared.toLowerCase()
  const { bytes, value } = content
  if (bytes !== undefined) {
    if (sha256(bytes) === wanted) return true
    const text = decodeUtf8(bytes)
    if (text !== undefined && sha256(withoutEnd(text)) === wanted) return true
  }
  return STYLES.some((style) => sha256(writeJson(value, style)) === wanted)
}

const STYLES: readonly JsonStyle[] = [
  { sorted: true, html: true, longEscapes: true },
  { sorted: true, html: true, longEscapes: false },
  { sorted: true, html: false, longEscapes: false },
  { sorted: false, html: false, longEscapes: false },
  { sorted: false, html: true, longEscapes: true },
]

/** Without the white space of JSON at its end. An expression for that would look at every run of white space in megabytes again and again. */
function withoutEnd(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\r\n'.includes(text[end - 1]!)) end--
  return text.slice(0, end)
}
