import { CHUNK_LINE_BYTES, HEAD_BYTES } from './limits.ts'
import { checkLines, tooLarge } from './response-head.ts'
import { Framing, malformed, readFields } from './fields.ts'
import { HeaderList } from '@octopus-gateway/core'
import { HEX_PLUS_ONE, TEXT, TOKEN } from './grammar.ts'

/** What the next byte may be. */
const SIZE_START = 0
const SIZE = 1
const EXTENSION_START = 2
const EXTENSION = 3
const VALUE_START = 4
const VALUE = 5
const QUOTED = 6
const ESCAPED = 7
const AFTER_QUOTED = 8
const LINE_FEED = 9
const DATA = 10
const DATA_CR = 11
const DATA_LF = 12
const TRAILERS = 13
const DONE = 14

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Twelve hexadecimal digits stay exact in a number. */
const SIZE_DIGITS = 12

/** Takes the chunked coding off (RFC 9112, section 7.1), as strictly as its grammar. */
export class ChunkedDecoder {
  /** After `decode`: where the data of these bytes is, moved together in place. */
  dataFrom = 0
  dataTo = 0
  #state = SIZE_START
  /** What is left of the chunk under way. */
  #left = 0
  #digits = 0
  #lineBytes = 0
  #trailers = ''
  #fields: string[] | null = null

  get isDone(): boolean {
    return this.#state === DONE
  }

  /** The fields behind the last chunk, or `null`. */
  get trailers(): HeaderList | null {
    return this.#fields === null || this.#fields.length === 0 ? null : new HeaderList(this.#fields)
  }

  /** Reads from `from` to `to`, or to the end of the body; returns where it stopped. Throws a `GatewayError`. */
  decode(bytes: Buffer, from: number, to: number): number {
    this.dataFrom = from
    this.dataTo = from
    let at = from
    while (at < to) {
      if (this.#state === DATA) at = this.#data(bytes, at, to)
      else if (this.#state === TRAILERS) return this.#readTrailers(bytes, at, to)
      else this.#state = this.#next(bytes[at++]!)
    }
    return at
  }

  #data(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#left)
    if (this.dataTo === this.dataFrom) {
      this.dataFrom = at
      this.dataTo = end
    } else {
      if (this.dataTo !== at) bytes.copyWithin(this.dataTo, at, end)
      this.dataTo += end - at
    }
    this.#left -= end - at
    if (this.#left === 0) this.#state = DATA_CR
    return end
  }

  #next(byte: number): number {
    switch (this.#state) {
      case DATA_CR:
        return expect(byte, CR, DATA_LF)
      case DATA_LF:
        return expect(byte, LF, SIZE_START)
      case LINE_FEED:
        return this.#chunkStart(byte)
      case SIZE_START:
        this.#left = 0
        this.#digits = 0
        this.#lineBytes = 0
        return this.#size(byte)
    }
    this.#lineBytes += 1
    if (this.#lineBytes > CHUNK_LINE_BYTES) throw malformed('A chunk of the answer has too long a line.')
    if (this.#state !== SIZE) return extension(this.#state, byte)
    if (byte === CR) return LINE_FEED
    return byte === SEMICOLON ? EXTENSION_START : this.#size(byte)
  }

  #size(byte: number): number {
    const digit = HEX_PLUS_ONE[byte]!
    this.#digits += 1
    if (digit === 0 || this.#digits > SIZE_DIGITS) throw malformed('The size of a chunk of the answer is invalid.')
    this.#left = this.#left * 16 + digit - 1
    return SIZE
  }

  #chunkStart(byte: number): number {
    expect(byte, LF, DATA)
    if (this.#left > 0) return DATA
    // The CRLF of the line of the last chunk: an empty line behind it ends the body.
    this.#trailers = '\r\n'
    return TRAILERS
  }

  #readTrailers(bytes: Buffer, at: number, to: number): number {
    const before = this.#trailers.length
    const text = this.#trailers + bytes.toString('latin1', at, Math.min(to, at + HEAD_BYTES + 4))
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if ((end === -1 ? text.length : end) > HEAD_BYTES) throw tooLarge()
    if (end === -1) {
      checkLines(text)
      this.#trailers = text
      return to
    }
    const framing = new Framing()
    this.#fields = end === 0 ? [] : readFields(text, 2, end + 2, framing)
    // RFC 9110, section 6.5.1: what frames a message cannot come behind it.
    if (framing.length !== -1 || framing.isChunked) throw malformed('The answer has framing fields behind its body.')
    this.#state = DONE
    return at + end + 4 - before
  }
}

function expect(byte: number, expected: number, next: number): number {
  if (byte !== expected) throw malformed('A chunk of the answer does not end where its size says.')
  return next
}

/** Extensions (RFC 9112, section 7.1.1) without the blanks that its grammar calls bad. */
function extension(state: number, byte: number): number {
  switch (state) {
    case EXTENSION_START:
      if (TOKEN[byte] === 1) return EXTENSION
      break
    case EXTENSION:
      if (TOKEN[byte] === 1) return EXTENSION
      if (byte === EQUALS) return VALUE_START
      if (byte === SEMICOLON) return EXTENSION_START
      if (byte === CR) return LINE_FEED
      break
    case VALUE_START:
      if (TOKEN[byte] === 1) return VALUE
      if (byte === QUOTE) return QUOTED
      break
    case VALUE:
      if (TOKEN[byte] === 1) return VALUE
      if (byte === SEMICOLON) return EXTENSION_START
      if (byte === CR) return LINE_FEED
      break
    case QUOTED:
      if (byte === QUOTE) return AFTER_QUOTED
      if (byte === BACKSLASH) return ESCAPED
      if (TEXT[byte] === 1) return QUOTED
      break
    case ESCAPED:
      if (TEXT[byte] === 1) return QUOTED
      break
    case AFTER_QUOTED:
      if (byte === SEMICOLON) return EXTENSION_START
      if (byte === CR) return LINE_FEED
      break
  }
  throw malformed('An extension of a chunk of the answer is invalid.')
}
