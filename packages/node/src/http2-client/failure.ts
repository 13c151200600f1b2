import { constants } from 'node:http2'
import { ERRORS, GatewayError } from '@octopus-gateway/core'

/** What is known of a stream that closed before its answer was complete. `node:http2` calls most of these ends clean. */
export interface Ended {
  /** `undefined` when the stream never got as far as having an id. */
  readonly id: number | undefined
  /** From RST_STREAM, or made up by Node when the connection went. */
  readonly rstCode: number
  /** The highest stream the upstream said it looks at (GOAWAY); `Infinity` when it said nothing. */
  readonly lastStreamId: number
  /** Why the connection went, `null` while it stands. */
  readonly lost: Error | null
}

/** Statuses of gRPC where the reset tells more than that the answer is missing. */
const CANCELLED = 1
const PERMISSION_DENIED = 7
const RESOURCE_EXHAUSTED = 8
const INTERNAL = 13

/** Why there is no whole answer, and whether the request can have been looked at. */
export function failureOf({ id, rstCode, lastStreamId, lost }: Ended): GatewayError {
  if (id === undefined) return new GatewayError('UPSTREAM_REFUSED', 'the connection took no more requests', lost ?? undefined)
  if (id > lastStreamId) return new GatewayError('UPSTREAM_REFUSED', 'the upstream was closing the connection (GOAWAY)')
  if (lost !== null) return new GatewayError('UPSTREAM_RESET', `the connection was lost: ${lost.message}`, lost)
  const reason = `the upstream reset the stream (${nameOf(rstCode)})`
  switch (rstCode) {
    case constants.NGHTTP2_REFUSED_STREAM:
      return new GatewayError('UPSTREAM_REFUSED', reason)
    case constants.NGHTTP2_PROTOCOL_ERROR:
    case constants.NGHTTP2_FLOW_CONTROL_ERROR:
    case constants.NGHTTP2_FRAME_SIZE_ERROR:
    case constants.NGHTTP2_COMPRESSION_ERROR:
      return withGrpc('UPSTREAM_PROTOCOL', reason, INTERNAL)
    case constants.NGHTTP2_HTTP_1_1_REQUIRED:
      return new GatewayError('UPSTREAM_PROTOCOL', reason)
    case constants.NGHTTP2_NO_ERROR:
      return new GatewayError('UPSTREAM_RESET', reason)
    case constants.NGHTTP2_CANCEL:
      return withGrpc('UPSTREAM_RESET', reason, CANCELLED)
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return withGrpc('UPSTREAM_RESET', reason, RESOURCE_EXHAUSTED)
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return withGrpc('UPSTREAM_RESET', reason, PERMISSION_DENIED)
    default:
      return withGrpc('UPSTREAM_RESET', reason, INTERNAL)
  }
}

function withGrpc(code: 'UPSTREAM_RESET' | 'UPSTREAM_PROTOCOL', message: string, grpcStatus: number): GatewayError {
  return new GatewayError(code, message, undefined, { ...ERRORS[code], grpcStatus })
}

/** The codes of RFC 9113, section 7, in their order. */
const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

function nameOf(code: number): string {
  return NAMES[code] ?? `code ${code}`
}
