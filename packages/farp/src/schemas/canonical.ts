import { sha256 } from '../manifest/checksum.ts'
import { decodeUtf8 } from './utf8.ts'
import { isObject } from '../json.ts'
import { toWellFormed } from '../text.ts'

/** How a serialiser differs from Go's standard one. */
interface Style {
  /** By UTF-8 bytes; otherwise document order. */
  readonly sorted: boolean
  /** `<`, `>`, `&`, U+2028 and U+2029 as `\u003c`… */
  readonly html: boolean
  /** Backspace and form feed as `\u0008` and `\u000c`, as Go up to 1.21 writes them. */
  readonly longEscapes: boolean
}

const GO: Style = { sorted: true, html: true, longEscapes: true }

/** A JSON value as Go's standard encoder writes it: compact, keys in the order of their UTF-8 bytes, HTML characters escaped. */
export function canonicalJson(value: unknown): string {
  return write(value, GO)
}

/** The FARP hash of a schema: SHA-256 of its canonical JSON, in lower-case hexadecimal. */
export function schemaHash(schema: unknown): string {
  return sha256(canonicalJson(schema))
}

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
    if (text !== undefined && sha256(text.replace(/[ \t\r\n]+$/, '')) === wanted) return true
  }
  return STYLES.some((style) => sha256(write(value, style)) === wanted)
}

const STYLES: readonly Style[] = [
  GO,
  { sorted: true, html: true, longEscapes: false },
  { sorted: true, html: false, longEscapes: false },
  { sorted: false, html: false, longEscapes: false },
  { sorted: false, html: true, longEscapes: true },
]

/** Recursion is bounded: values come from documents of limited depth. */
function write(value: unknown, style: Style): string {
  if (typeof value === 'string') return writeText(value, style)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => write(item, style)).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'null'
  const names = Object.keys(value)
  if (style.sorted) sortByBytes(names)
  return `{${names.map((name) => `${writeText(name, style)}:${write(value[name], style)}`).join(',')}}`
}

function writeText(text: string, { html, longEscapes }: Style): string {
  // Nearly every text needs no escape in any style.
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`
  let json = JSON.stringify(toWellFormed(text))
  if (html) json = json.replaceAll(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  // A backslash before `b` or `f` belongs to it only when an even number of backslashes stands before the pair.
  if (longEscapes && /\\[bf]/.test(json))
    json = json.replaceAll(/\\(.)/g, (pair, char) => (char === 'b' ? '\\u0008' : char === 'f' ? '\\u000c' : pair))
  return json
}

/** UTF-16 order differs from UTF-8 order only where surrogates meet characters above them. */
function sortByBytes(names: string[]): void {
  if (names.some((name) => /[\ud800-\uffff]/.test(name))) names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  else names.sort()
}
