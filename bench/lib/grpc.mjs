/** Messages of the streaming call. */
export const MESSAGES = 100

/** A length-prefixed message of one bytes field with 100 bytes. */
export function messageOf(letter) {
  const payload = Buffer.concat([Buffer.from([0x0a, 100]), Buffer.alloc(100, letter)])
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(payload.length, 1)
  return Buffer.concat([prefix, payload])
}

/** The fields of a call. */
export const GRPC_HEADERS = { 'content-type': 'application/grpc', te: 'trailers' }
