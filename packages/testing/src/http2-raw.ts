import { connect } from 'node:net'
import { FRAME_TYPES, PREFACE, frame, readFrames } from './http2-frames.ts'
import { waitFor } from './wait-for.ts'
import type { Http2Frame } from './http2-frames.ts'
import type { Socket } from 'node:net'

/** A connection that speaks HTTP/2 in frames of the caller's making. */
export interface RawHttp2 extends Disposable {
  readonly socket: Socket
  /** All that came back so far. */
  readonly frames: readonly Http2Frame[]
  /** How the connection ended; `undefined` while it is open. */
  readonly ended: 'closed' | 'failed' | undefined
  write(...pieces: readonly Uint8Array[]): void
  /** Resolves with the first frame that came and fits. Rejects after `timeout` milliseconds (default 2000). */
  frame(type: keyof typeof FRAME_TYPES, stream?: number, timeout?: number): Promise<Http2Frame>
}

/** Opens a connection in the clear. Without `preface: false` the preface and empty settings have been sent. */
export function rawHttp2(port: number, options: { readonly preface?: boolean; readonly settings?: Uint8Array } = {}): RawHttp2 {
  const socket = connect(port, '127.0.0.1')
  let received = Buffer.alloc(0)
  let frames: Http2Frame[] = []
  let ended: RawHttp2['ended']
  socket.setNoDelay(true)
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    frames = readFrames(received)
  })
  socket.on('end', () => (ended ??= 'closed'))
  socket.on('close', () => (ended ??= 'closed'))
  socket.on('error', () => (ended ??= 'failed'))
  if (options.preface !== false)
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame({ type: FRAME_TYPES.settings, payload: options.settings ?? Buffer.alloc(0) })]))
  return {
    socket,
    get frames() {
      return frames
    },
    get ended() {
      return ended
    },
    write: (...pieces) => void socket.write(Buffer.concat(pieces)),
    frame: (type, stream, timeout = 2000) =>
      waitFor(() => frames.find((each) => each.type === FRAME_TYPES[type] && (stream === undefined || each.stream === stream)), {
        timeout,
        what: `a frame of type ${type}`,
      }),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
