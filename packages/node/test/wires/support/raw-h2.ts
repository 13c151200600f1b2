import { onTestFinished } from 'vitest'
import { startRawServer } from '@octopus-gateway/testing'
import type { RawServer } from '@octopus-gateway/testing'
import type { Socket } from 'node:net'

/** Frame types and flags (RFC 9113, section 6). */
export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

/** A frame as received. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** One connection of a raw HTTP/2 origin: sends the frames it is told to, right or wrong. */
export class RawH2 {
  readonly socket: Socket
  readonly frames: Frame[] = []

  constructor(socket: Socket) {
    this.socket = socket
  }

  frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): this {
    this.socket.write(frame(type, flags, stream, payload))
    return this
  }

  /** A head with `:status` and fields, not indexed. */
  head(stream: number, status: number, fields: Readonly<Record<string, string>> = {}, flags = 0): this {
    const block = [literal(':status', String(status)), ...Object.entries(fields).map(([name, value]) => literal(name, value))]
    return this.frame(FRAME.headers, FLAG.endHeaders | flags, stream, Buffer.concat(block))
  }

  data(stream: number, text: string, flags = 0): this {
    return this.frame(FRAME.data, flags, stream, Buffer.from(text))
  }

  trailers(stream: number, fields: Readonly<Record<string, string>>): this {
    const block = Object.entries(fields).map(([name, value]) => literal(name, value))
    return this.frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, Buffer.concat(block))
  }

  reset(stream: number, code: number): this {
    return this.frame(FRAME.reset, 0, stream, number(code))
  }

  goaway(lastStream: number, code: number): this {
    return this.frame(FRAME.goaway, 0, 0, Buffer.concat([number(lastStream), number(code)]))
  }
}

/** A raw origin that sends its SETTINGS, acknowledges the client's and its pings, and tells of every other frame. */
export async function rawH2(onFrame: (connection: RawH2, frame: Frame) => void, settings: Buffer = Buffer.alloc(0)): Promise<RawServer> {
  const server = await startRawServer((socket) => {
    const connection = new RawH2(socket)
    let buffered = Buffer.alloc(0)
    let isOpen = false
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk])
      if (!isOpen && buffered.length >= PREFACE_BYTES) {
        buffered = buffered.subarray(PREFACE_BYTES)
        isOpen = true
        connection.frame(FRAME.settings, 0, 0, settings)
      }
      if (!isOpen) return
      while (buffered.length >= 9 && buffered.length >= 9 + buffered.readUIntBE(0, 3)) {
        const end = 9 + buffered.readUIntBE(0, 3)
        const received: Frame = {
          type: buffered[3]!,
          flags: buffered[4]!,
          stream: buffered.readUInt32BE(5),
          payload: buffered.subarray(9, end),
        }
        buffered = buffered.subarray(end)
        connection.frames.push(received)
        if (received.type === FRAME.settings && received.flags === 0) connection.frame(FRAME.settings, FLAG.ack, 0)
        onFrame(connection, received)
      }
    })
  })
  onTestFinished(() => server.close())
  return server
}

/** A setting for `rawH2`. */
export function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([id >> 8, id & 0xff]), number(value)])
}

const PREFACE_BYTES = 24

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A literal field without indexing (RFC 7541, section 6.2.2), for texts under 127 bytes. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)])
}
