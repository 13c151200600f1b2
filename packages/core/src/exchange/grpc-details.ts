/** Wire types of protobuf in the low three bits of a tag. */
const VARINT = 0
const LENGTH = 2

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/**
 * `grpc-status-details-bin` with a `google.rpc.RetryInfo`, so that a client that was refused for now learns when to come again; `null` when
 * `retryAfter` is not a number of seconds.
 */
export function retryInfo(of: { readonly code: number; readonly message: string; readonly retryAfter: string | undefined }): string | null {
  if (of.retryAfter === undefined || !/^\d{1,9}$/.test(of.retryAfter)) return null
  const duration = number(1, Number(of.retryAfter))
  const info = [...bytes(1, utf8(RETRY_INFO)), ...bytes(2, bytes(1, duration))]
  return base64([...number(1, of.code), ...bytes(2, utf8(of.message)), ...bytes(3, info)])
}

function number(field: number, value: number): number[] {
  return [(field << 3) | VARINT, ...varint(value)]
}

function bytes(field: number, content: readonly number[]): number[] {
  return [(field << 3) | LENGTH, ...varint(content.length), ...content]
}

function varint(value: number): number[] {
  const groups: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) groups.push((rest & 0x7f) | 0x80)
  groups.push(rest)
  return groups
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}

/** Without padding, as gRPC sends binary metadata. */
function base64(content: readonly number[]): string {
  return btoa(String.fromCharCode(...content)).replace(/=+$/, '')
}
