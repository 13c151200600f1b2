import type { Limits } from '@octopus-gateway/core/lane'
import type { ServerOptions } from 'node:http2'

/** Requests under way on one connection. Browsers and gRPC clients open another connection, or wait, beyond it. */
const MAX_STREAMS = 100

/** What a client may send of one body before somebody reads it. Times the number of streams this is what a connection can make us keep. */
const STREAM_WINDOW_BYTES = 256 * 1024

/** The same for all streams of a connection. Node gives it back as bytes come; it must only cover what is on the way. */
export const CONNECTION_WINDOW_BYTES = 1024 * 1024

/** What HPACK counts for a field beside its bytes (RFC 7541, section 4.1). */
const FIELD_OVERHEAD_BYTES = 32

/** How sessions are set up. What is over the limits of a head by little is answered with 431; what is over by far never gets to us. */
export function sessionOptions(limits: Limits): ServerOptions {
  const pairs = Math.max(256, limits.headerCount * 2)
  return {
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: limits.headers * 2 + limits.uri * 2 + pairs * FIELD_OVERHEAD_BYTES,
      enablePush: false,
      enableConnectProtocol: true,
    },
    maxHeaderListPairs: pairs,
    // Megabytes.
    maxSessionMemory: 10,
    // Frames that break a rule, empty ones without an end among them (CVE-2019-9518).
    maxSessionInvalidFrames: 50,
    maxSessionRejectedStreams: 50,
    maxSettings: 32,
  } as ServerOptions
}
