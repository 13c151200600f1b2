import { FIELDS } from './limits.ts'
import { GatewayError } from '@octopus-gateway/core'
import { TEXT, TOKEN } from './grammar.ts'

/** What the fields of a head say about its message and its connection. */
export class Framing {
  /** `Content-Length`, or -1. */
  length = -1
  isChunked = false
  /** `Connection: close`. */
  isLast = false
  /** `Connection: keep-alive`, which HTTP/1.0 needs. */
  isKept = false
  /** `Keep-Alive: timeout`, seconds, or -1. */
  timeout = -1
}

/** An answer that is not HTTP/1.1 as RFC 9112 has it. */
export function malformed(message: string): GatewayError {
  return new GatewayError('UPSTREAM_PROTOCOL', message)
}

const COLON = 0x3a
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09

/**
 * Reads field lines, each with its CRLF, from `from` to `end`: one pass that validates and splits. Nothing that another parser may read
 * otherwise passes: no folded lines, no space around a name, no bare CR or LF, one length at most, no coding but chunked. Throws a `GatewayError`.
 */
export function readFields(text: string, from: number, end: number, framing: Framing): string[] {
  const flat: string[] = []
  let at = from
  while (at < end) {
    const nameAt = at
    let code = text.charCodeAt(at)
    while (TOKEN[code] === 1) code = text.charCodeAt(++at)
    if (code !== COLON || at === nameAt) throw malformed('A field name in the answer is invalid.')
    const name = text.slice(nameAt, at)
    do code = text.charCodeAt(++at)
    while (code === SPACE || code === TAB)
    const valueAt = at
    while (TEXT[code] === 1) code = text.charCodeAt(++at)
    if (code !== CR || text.charCodeAt(at + 1) !== LF) throw malformed(`The value of field "${name}" in the answer is invalid.`)
    let valueEnd = at
    while (valueEnd > valueAt && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd -= 1
    const value = text.slice(valueAt, valueEnd)
    // Only these three lengths belong to fields that frame a message or a connection.
    const { length } = name
    if (length === 10) readConnection(name, value, framing)
    else if (length === 14) readLength(name, text.slice(valueAt, at), framing)
    else if (length === 17) readCoding(name, text.slice(valueAt, at), framing)
    flat.push(name, value)
    at += 2
  }
  if (flat.length > FIELDS * 2) throw malformed(`The answer has more than ${FIELDS} fields.`)
  return flat
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

function readConnection(name: string, value: string, framing: Framing): void {
  const lower = name.toLowerCase()
  if (lower === 'connection') {
    if (value === 'keep-alive') {
      framing.isKept = true
      return
    }
    for (const token of value.toLowerCase().split(',')) {
      const option = token.trim()
      if (option === 'close') framing.isLast = true
      else if (option === 'keep-alive') framing.isKept = true
    }
  } else if (lower === 'keep-alive') {
    const match = /(?:^|[\s,])timeout=(\d{1,9})(?:$|[\s,])/i.exec(value)
    if (match !== null) framing.timeout = Number(match[1])
  }
}

/** `raw` still has the blanks at its end: a tab there is read in two ways by parsers in use. */
function readLength(name: string, raw: string, framing: Framing): void {
  if (name.toLowerCase() !== 'content-length') return
  // Also two equal ones: whoever sends them is confused, or wants us to be (RFC 9112, section 6.3).
  if (framing.length !== -1) throw malformed('The answer has two lengths.')
  if (framing.isChunked) throw malformed('The answer has a length and chunks.')
  const match = /^(\d{1,15}) *$/.exec(raw)
  if (match === null) throw malformed('The length of the answer is invalid.')
  framing.length = Number(match[1])
}

/** Another coding would lose its name on the way: the field is of one hop. */
function readCoding(name: string, raw: string, framing: Framing): void {
  if (name.toLowerCase() !== 'transfer-encoding') return
  if (framing.length !== -1) throw malformed('The answer has a length and chunks.')
  if (framing.isChunked || !/^chunked *$/i.test(raw)) throw malformed('The transfer coding of the answer is not chunked.')
  framing.isChunked = true
}
