import { HeaderList } from '../headers.ts'
import { retryInfo } from './grpc-details.ts'
import type { GatewayError } from '../errors.ts'
import type { Reply, ResponseHead } from './head.ts'

/** Status codes of gRPC that the gateway gives. */
export const GRPC_STATUS = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

const S = GRPC_STATUS

/** HTTP statuses of decisions made here: of the gateway and of its plugins. */
const OURS: Readonly<Record<number, number>> = {
  400: S.invalidArgument,
  401: S.unauthenticated,
  403: S.permissionDenied,
  404: S.unimplemented,
  405: S.unimplemented,
  408: S.deadlineExceeded,
  409: S.aborted,
  413: S.resourceExhausted,
  414: S.resourceExhausted,
  421: S.unavailable,
  429: S.resourceExhausted,
  431: S.resourceExhausted,
  499: S.cancelled,
  500: S.internal,
  501: S.unimplemented,
  502: S.unavailable,
  503: S.unavailable,
  504: S.deadlineExceeded,
}

/** HTTP statuses of an upstream that did not answer in gRPC, by the table of the gRPC project. It is not the other way round of any other table. */
const THEIRS: Readonly<Record<number, number>> = {
  400: S.internal,
  401: S.unauthenticated,
  403: S.permissionDenied,
  404: S.unimplemented,
  429: S.unavailable,
  431: S.internal,
  502: S.unavailable,
  503: S.unavailable,
  504: S.unavailable,
}

/** gRPC ends in trailers. gRPC-Web has none and is plain HTTP. */
export function isGrpc(contentType: string): boolean {
  return /^application\/grpc(?:$|[+;\s])/i.test(contentType)
}

/** What a gRPC client is told of a failure. */
export function grpcStatusOf(error: GatewayError): number {
  return error.spec.grpcStatus ?? OURS[error.spec.status] ?? S.unknown
}

/** The status in a head or in trailers: what is no number is unknown, as clients see it; `undefined` when there is none. */
export function grpcStatusIn(headers: HeaderList): number | undefined {
  const text = headers.get('grpc-status')
  if (text === undefined) return undefined
  return /^\d{1,2}$/.test(text) && Number(text) <= S.unauthenticated ? Number(text) : S.unknown
}

/** The end of a stream that broke after its head had been sent. Nothing but the title of the failure goes to the client. */
export function grpcTrailers(error: GatewayError): HeaderList {
  return statusFields(grpcStatusOf(error), error.spec.title)
}

/**
 * A reply made here as a gRPC client understands it: trailers only, in the head of the answer. Other fields of the reply stay. A reply that has
 * a `grpc-status` already is what its author meant.
 */
export function grpcReply(reply: Reply, failure: GatewayError | null): Reply {
  const { headers } = reply
  if (headers.has('grpc-status')) return reply
  const code = failure === null ? (OURS[reply.status] ?? S.unknown) : grpcStatusOf(failure)
  const message = failure?.spec.title ?? `HTTP status ${reply.status}`
  for (const name of ABOUT_THE_BODY) headers.delete(name)
  headers.set('content-type', 'application/grpc')
  const fields = statusFields(code, message)
  const details = retryInfo({ code, message, retryAfter: headers.get('retry-after') })
  if (details !== null) fields.append('grpc-status-details-bin', details)
  return { status: 200, headers: new HeaderList([...headers.flat, ...fields.flat]), body: null }
}

/** Fields that speak of a body that is not sent. */
const ABOUT_THE_BODY = ['content-length', 'content-encoding', 'content-language', 'cache-control', 'etag', 'last-modified']

/** What tells more of a refusal than its status. */
const KEPT_OF_A_FAILURE = ['retry-after', 'www-authenticate']

/** The reply in place of an upstream's answer that is not gRPC, or `null` when it is: the client would make of it what it likes. */
export function notGrpcReply({ status, headers }: ResponseHead): Reply | null {
  if (status === 200 && isGrpc(headers.get('content-type') ?? '')) return null
  const told = grpcStatusIn(headers)
  const code = told === undefined || told === S.ok ? (THEIRS[status] ?? S.unknown) : told
  const message = status === 200 ? 'The upstream did not answer in gRPC' : `The upstream answered with HTTP status ${status}`
  const kept = new HeaderList(['content-type', 'application/grpc'])
  for (const name of KEPT_OF_A_FAILURE) for (const value of headers.values(name)) kept.append(name, value)
  return { status: 200, headers: new HeaderList([...kept.flat, ...statusFields(code, message).flat]), body: null }
}

function statusFields(code: number, message: string): HeaderList {
  return new HeaderList(['grpc-status', String(code), 'grpc-message', encodeMessage(message)])
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
