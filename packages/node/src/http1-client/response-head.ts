import { Framing, malformed, readFields } from './fields.ts'
import { HEAD_BYTES } from './limits.ts'
import { TEXT } from './grammar.ts'

/** The head of a response with what it says about its message. */
export interface ResponseStart {
  readonly status: number
  /** 0 or 1: the version is 1.x. */
  readonly minor: number
  readonly flat: string[]
  readonly framing: Framing
}

const START = 'HTTP/1.'
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const ZERO = 0x30

/** Reads a head that ends at `end`, where its last line has its CRLF and the empty line follows. Throws a `GatewayError`. */
export function readResponseHead(text: string, end: number): ResponseStart {
  if (end > HEAD_BYTES) throw tooLarge()
  const minor = text.charCodeAt(7) - ZERO
  const status = digit(text, 9) * 100 + digit(text, 10) * 10 + digit(text, 11)
  if (!text.startsWith(START) || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== SPACE || !(status >= 100))
    throw malformed('The answer does not begin with an HTTP/1.x status line.')
  let at = 12
  let code = text.charCodeAt(at)
  // Some servers leave out the space before an empty reason; llhttp takes that, too.
  if (code === SPACE) {
    do code = text.charCodeAt(++at)
    while (TEXT[code] === 1)
  }
  if (code !== CR || text.charCodeAt(at + 1) !== LF) throw malformed('The status line of the answer is invalid.')
  const framing = new Framing()
  const flat = readFields(text, at + 2, end + 2, framing)
  if (framing.isChunked && minor === 0) throw malformed('The answer has chunks on HTTP/1.0.')
  return { status, minor, flat, framing }
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - ZERO
  return value >= 0 && value <= 9 ? value : Number.NaN
}

/** A control byte, or half a line end, where neither may be. */
const BROKEN = /(?:^|[^\r])\n|\r[^\n]|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/

/** Refuses as early as possible what can never become a head: its end may never come. */
export function checkBeginning(text: string): void {
  if (text.length > HEAD_BYTES) throw tooLarge()
  if (!START.startsWith(text.slice(0, START.length))) throw malformed('The answer does not begin with an HTTP/1.x status line.')
  checkLines(text)
}

/** The same for field lines alone. */
export function checkLines(text: string): void {
  if (BROKEN.test(text)) throw malformed('The answer has control bytes in its fields.')
}

export function tooLarge(): Error {
  return malformed(`The fields of the answer are larger than ${HEAD_BYTES} bytes.`)
}
