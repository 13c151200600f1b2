/** One HTTP/1.1 message, taken from bytes without any leniency or correction. */
export interface RawMessage {
  /** The request line or the status line. */
  readonly startLine: string
  /** Start line and fields as received, without the empty line. */
  readonly head: string
  /** Names and values alternating, as received. */
  readonly rawHeaders: readonly string[]
  /** The first value of a field, by its lower-case name. */
  field(name: string): string | undefined
  /** The content: chunked coding removed, nothing else changed. */
  readonly body: Buffer
  /** Bytes that the whole message takes. */
  readonly size: number
}

/** What the reader must know beforehand, because the bytes do not tell. */
export interface Framing {
  /** Responses to HEAD, 1xx, 204 and 304 have no content whatever their fields say (RFC 9112, section 6.3). */
  readonly bodiless?: boolean
  /** A response without length or chunked coding ends with the connection. */
  readonly untilClose?: boolean
  /** The sender has closed: nothing more will come. */
  readonly ended?: boolean
}

/** The first message of `bytes`, or `undefined` while it is incomplete. */
export function readMessage(bytes: Buffer, framing: Framing = {}): RawMessage | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const [startLine = '', ...lines] = head.split('\r\n')
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const field = (name: string): string | undefined => {
    for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) return rawHeaders[i + 1]
    return undefined
  }
  const content = readContent(bytes, end + 4, { framing, chunked: isChunked(field), length: field('content-length') })
  if (content === undefined) return undefined
  return { startLine, head, rawHeaders, field, body: content.body, size: content.end }
}

function isChunked(field: (name: string) => string | undefined): boolean {
  return /(?:^|,)\s*chunked\s*$/i.test(field('transfer-encoding') ?? '')
}

interface Content {
  readonly body: Buffer
  readonly end: number
}

interface Delimiter {
  readonly framing: Framing
  readonly chunked: boolean
  readonly length: string | undefined
}

function readContent(bytes: Buffer, start: number, { framing, chunked, length }: Delimiter): Content | undefined {
  if (framing.bodiless === true) return { body: Buffer.alloc(0), end: start }
  if (chunked) return readChunks(bytes, start)
  if (length === undefined) {
    if (framing.untilClose !== true) return { body: Buffer.alloc(0), end: start }
    return framing.ended === true ? { body: bytes.subarray(start), end: bytes.length } : undefined
  }
  const end = start + Number(length)
  return bytes.length >= end ? { body: bytes.subarray(start, end), end } : undefined
}

function readChunks(bytes: Buffer, start: number): Content | undefined {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2
    if (size === 0) {
      const trailersEnd = bytes.toString('latin1', at, at + 2) === '\r\n' ? at + 2 : endOf(bytes, at)
      return trailersEnd === undefined ? undefined : { body: Buffer.concat(parts), end: trailersEnd }
    }
    if (!(size > 0) || bytes.length < at + size + 2) return undefined
    parts.push(bytes.subarray(at, at + size))
    at += size + 2
  }
}

function endOf(bytes: Buffer, at: number): number | undefined {
  const end = bytes.indexOf('\r\n\r\n', at)
  return end < 0 ? undefined : end + 4
}
