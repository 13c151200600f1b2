import { Buffer } from 'node:buffer'
import { sha256 } from './sha256.ts'

/** How a serialiser differs from Go's standard one. */
export interface JsonStyle {
  /** Members in the order of their UTF-8 bytes; otherwise document order. */
  readonly sorted: boolean
  /** `<`, `>`, `&`, U+2028 and U+2029 as `\u003c`… */
  readonly html: boolean
  /** Backspace and form feed as `\u0008` and `\u000c`, as Go up to 1.21 writes them. */
  readonly longEscapes: boolean
}

const GO: JsonStyle = { sorted: true, html: true, longEscapes: true }

/** A JSON value as Go's standard encoder writes it: compact, keys in the order of their UTF-8 bytes, HTML characters escaped. */
export function canonicalJson(value: unknown): string {
  return writeJson(value, GO)
}

/** The FARP hash of a schema: SHA-256 of its canonical JSON, in lower-case hexadecimal. */
export function schemaHash(schema: unknown): string {
  return sha256(canonicalJson(schema))
}

/** A JSON value in a style. Recursive: the value's depth must be bounded before. */
export function writeJson(value: unknown, style: JsonStyle): string {
  if (typeof value === 'string') return writeText(value, style)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item, style)).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'null'
  const names = Object.keys(value)
  if (style.sorted) sortByBytes(names)
  return `{${names.map((name) => `${writeText(name, style)}:${writeJson(value[name], style)}`).join(',')}}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function writeText(text: string, { html, longEscapes }: JsonStyle): string {
  // Nearly every text needs no escape in any style.
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`
  let json = JSON.stringify(toWellFormed(text))
  if (html) json = json.replaceAll(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  // A backslash before `b` or `f` belongs to it only when an even number of backslashes stands before the pair.
  if (longEscapes && /\\[bf]/.test(json))
    json = json.replaceAll(/\\(.)/g, (pair, char) => (char === 'b' ? '\\u0008' : char === 'f' ? '\\u000c' : pair))
  return json
}

/** A text whose unpaired surrogates are U+FFFD, as encoders of UTF-8 write them. */
export function toWellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text)
    ? text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    : text
}

/** UTF-16 order differs from UTF-8 order only where surrogates meet characters above them. */
function sortByBytes(names: string[]): void {
  if (names.some((name) => /[\ud800-\uffff]/.test(name))) names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  else names.sort()
}
