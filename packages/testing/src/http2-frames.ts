/** A frame of HTTP/2 (RFC 9113, section 4.1). */
export interface Http2Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** Types of frames by their names. */
export const FRAME_TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const

/** What a client says first. */
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** The bytes of a frame, right or wrong. `length` is told in place of the true one. */
export function frame(given: {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array | string
  readonly length?: number
}): Buffer {
  const { type, flags = 0, stream = 0, payload = '' } = given
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(9)
  head.writeUIntBE(given.length ?? body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, body])
}

/** A header block (RFC 7541) of literals that are not indexed: what is written is what is read, also what no encoder would write. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]))
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([integer(bytes.length), bytes])
}

/** With a prefix of seven bits. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value)
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

/** The complete frames among some bytes. */
export function readFrames(bytes: Buffer): Http2Frame[] {
  const frames: Http2Frame[] = []
  for (let at = 0; bytes.length - at >= 9;) {
    const length = bytes.readUIntBE(at, 3)
    if (bytes.length - at < 9 + length) break
    const payload = bytes.subarray(at + 9, at + 9 + length)
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff, payload })
    at += 9 + length
  }
  return frames
}

/** Indexed fields of the static table that are a status. */
const STATIC_STATUS: Readonly<Record<number, number>> = { 0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500 }

/** The status of the first head that a connection answers with; `undefined` when the block does not begin with one. */
export function statusOf(block: Buffer): number | undefined {
  let at = 0
  // Changes of the table's size come first.
  while ((block[at]! & 0xe0) === 0x20) {
    if ((block[at]! & 0x1f) === 0x1f) while ((block[++at]! & 0x80) !== 0);
    at += 1
  }
  const first = block[at]!
  if (STATIC_STATUS[first] !== undefined) return STATIC_STATUS[first]
  // A literal whose name is the eighth of the table, `:status`, however it is to be kept.
  if (first !== 0x48 && first !== 0x08 && first !== 0x18) return undefined
  const length = block[at + 1]! & 0x7f
  const value = block.subarray(at + 2, at + 2 + length)
  return Number((block[at + 1]! & 0x80) === 0 ? value.toString('latin1') : digits(value))
}

/** Huffman codes of the ten digits: five bits for three of them, six for the others. */
function digits(coded: Buffer): string {
  let bits = [...coded].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let text = ''
  for (;;) {
    const short = ['00000', '00001', '00010'].indexOf(bits.slice(0, 5))
    const long = Number.parseInt(bits.slice(0, 6), 2) - 0b011001
    if (bits.length >= 5 && short !== -1) {
      text += short
      bits = bits.slice(5)
    } else if (bits.length >= 6 && long >= 0 && long <= 6) {
      text += long + 3
      bits = bits.slice(6)
    } else return text
  }
}
