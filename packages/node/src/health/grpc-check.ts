/** The call of the health checking protocol of gRPC (`grpc.health.v1`). */
export const GRPC_PATH = '/grpc.health.v1.Health/Check'

/** `ServingStatus` in words; 1 is the good one. */
export const STATUS_WORDS: Readonly<Record<number, string>> = { 0: 'UNKNOWN', 1: 'SERVING', 2: 'NOT_SERVING', 3: 'SERVICE_UNKNOWN' }

/** A message of gRPC begins with a flag and its length. */
const PREFIX_BYTES = 5
/** Field 1, length-delimited, of `HealthCheckRequest`. */
const SERVICE_TAG = 0x0a
/** Field 1, a varint, of `HealthCheckResponse`. */
const STATUS_TAG = 0x08

/** `HealthCheckRequest { service }` as the body of a call. */
export function checkCall(service: string): Uint8Array {
  const name = Buffer.from(service)
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([SERVICE_TAG, ...varint(name.length)]), name])
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** The status of a `HealthCheckResponse`; `null` when the body is not one. A status that is not there is 0, as protobuf has it. */
export function readStatus(body: Buffer): number | null {
  if (body.length < PREFIX_BYTES || body[0] !== 0 || body.readUInt32BE(1) !== body.length - PREFIX_BYTES) return null
  const message = body.subarray(PREFIX_BYTES)
  if (message.length === 0) return 0
  // Of an enum with four values one byte is all there is.
  const value = message[1]
  return message[0] === STATUS_TAG && value !== undefined && value < 0x80 ? value : null
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}
