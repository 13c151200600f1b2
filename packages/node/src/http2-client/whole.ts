import { constants } from 'node:http2'
import { Readable } from 'node:stream'
import type { ClientHttp2Stream } from 'node:http2'

const HAS_ENDED = Symbol('octopus.hasEnded')

/** A stream that keeps account of END_STREAM. */
export type EndedStream = ClientHttp2Stream & { [HAS_ENDED]: boolean }

/**
 * Makes a stream keep account of END_STREAM, which alone ends an answer (RFC 9113, section 8.1).
 *
 * `node:http2` shows a reset without an error (NO_ERROR) as the same end. It ends the readable side in either case, but has closed the stream
 * before when it was not END_STREAM: so `push`, through which all comes, is where that can be seen.
 */
export function keepEnd(stream: ClientHttp2Stream): EndedStream {
  const kept = stream as EndedStream
  kept[HAS_ENDED] = false
  kept.push = push
  return kept
}

/** Whether the upstream said that nothing follows, and did not take it back. To be asked when the stream has been read to its end. */
export function isWhole(stream: EndedStream): boolean {
  return stream[HAS_ENDED] && (!stream.closed || stream.rstCode === constants.NGHTTP2_NO_ERROR)
}

function push(this: EndedStream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[HAS_ENDED] = true
  return Readable.prototype.push.call(this, chunk, encoding)
}
