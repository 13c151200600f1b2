import { createHash } from 'node:crypto'

/** One text message in one frame; `masked` as a client sends it (RFC 6455, section 5.2). */
export function frameOf(bytes, masked) {
  const length = bytes < 126 ? [bytes] : [126, bytes >> 8, bytes & 0xff]
  const key = masked ? [0x12, 0x34, 0x56, 0x78] : []
  const payload = Buffer.alloc(bytes, 'x')
  if (masked) for (let i = 0; i < bytes; i++) payload[i] ^= key[i & 3]
  const [first, ...rest] = length
  return Buffer.concat([Buffer.from([0x81, masked ? first | 0x80 : first, ...rest, ...key]), payload])
}

export function acceptOf(key) {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
