import { randomBytes } from 'node:crypto'

/** RFC 6455, section 7.4.1: the endpoint is going away. */
const GOING_AWAY = 1001

/** A Close frame that says 1001. A client masks its frames, a server does not (RFC 6455, section 5.1). */
export function goingAway(isMasked: boolean): Buffer {
  const code = [GOING_AWAY >> 8, GOING_AWAY & 0xff] as const
  if (!isMasked) return Buffer.from([0x88, 2, ...code])
  const mask = randomBytes(4)
  return Buffer.from([0x88, 0x82, ...mask, code[0] ^ mask[0]!, code[1] ^ mask[1]!])
}
