import { HeaderList } from '../headers.ts'
import type { Reply } from './head.ts'

/** HTTP statuses of replies made here, as gRPC status codes. */
const CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  405: 12,
  408: 4,
  409: 10,
  413: 8,
  414: 8,
  429: 8,
  431: 8,
  499: 1,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
}
const UNKNOWN = 2
const INTERNAL = 13

/** A reply made here as a gRPC client understands it: trailers only, in the head of the answer. Other fields of the reply stay. */
export function grpcReply(reply: Reply, message: string): Reply {
  const code = reply.status === 500 ? INTERNAL : (CODES[reply.status] ?? UNKNOWN)
  const { headers } = reply
  headers.delete('content-length')
  headers.delete('cache-control')
  headers.set('content-type', 'application/grpc')
  return {
    status: 200,
    headers: new HeaderList([...headers.flat, 'grpc-status', String(code), 'grpc-message', encodeMessage(message)]),
    body: null,
  }
}

/** Percent-encoding of `grpc-message`: everything but printable ASCII, and `%` itself. */
function encodeMessage(message: string): string {
  let encoded = ''
  for (const byte of new TextEncoder().encode(message)) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
