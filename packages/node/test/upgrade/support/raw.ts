import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { waitFor } from '@octopus-gateway/testing'
import type { Socket } from 'node:net'

/** The example of RFC 6455, section 1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** A handshake in bytes; `fields` replace those of the same name, an empty value removes one. */
export function handshake(path = '/', fields: Readonly<Record<string, string>> = {}, line = `GET ${path} HTTP/1.1`): string {
  const all: Record<string, string> = {
    Host: 'shop.test',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...fields,
  }
  const lines = Object.entries(all).filter(([, value]) => value !== '')
  return `${line}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** The answer of RFC 6455's example, in bytes. */
export function switching(fields = ''): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n${fields}\r\n`
}

/** A connection with everything that came on it. */
export interface Raw {
  readonly socket: Socket
  readonly bytes: Buffer
  /** What came behind the head. */
  readonly body: Buffer
  readonly head: string
  isEnded: boolean
  isClosed: boolean
}

/** A connection that ends with the test and never closes its own side by itself. */
export function rawClient(port: number, bytes: string | Buffer): Raw {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  return watch(socket, bytes)
}

export function watch(socket: Socket, bytes: string | Buffer = ''): Raw {
  const pieces: Buffer[] = []
  const all = (): Buffer => Buffer.concat(pieces)
  const border = (): number => all().indexOf('\r\n\r\n')
  const raw: Raw = {
    socket,
    isEnded: false,
    isClosed: false,
    get bytes() {
      return all()
    },
    get head() {
      return border() === -1 ? '' : all().toString('latin1', 0, border())
    },
    get body() {
      return border() === -1 ? Buffer.alloc(0) : all().subarray(border() + 4)
    },
  }
  socket.on('data', (piece: Buffer) => void pieces.push(piece))
  socket.on('end', () => (raw.isEnded = true))
  socket.on('close', () => (raw.isClosed = true))
  socket.on('error', () => {})
  if (bytes.length > 0) socket.write(bytes)
  return raw
}

/** A raw tunnel, past its handshake. */
export async function rawTunnel(port: number, path = '/', fields: Readonly<Record<string, string>> = {}): Promise<Raw> {
  const raw = rawClient(port, handshake(path, fields))
  await waitFor(() => raw.head !== '', { what: 'the answer to the handshake' })
  if (!raw.head.startsWith('HTTP/1.1 101')) throw new Error(raw.bytes.toString())
  return raw
}

/** One frame in bytes (RFC 6455, section 5.2). */
export function frame(
  opcode: number,
  payload: string | Buffer = '',
  options: { readonly isMasked?: boolean; readonly isFinal?: boolean; readonly rsv?: number } = {},
): Buffer {
  const { isMasked = true, isFinal = true, rsv = 0 } = options
  const data = Buffer.from(payload)
  const first = (isFinal ? 0x80 : 0) | (rsv << 4) | opcode
  const mask = isMasked ? 0x80 : 0
  let head: Buffer
  if (data.length < 126) head = Buffer.from([first, mask | data.length])
  else if (data.length < 65_536) {
    head = Buffer.from([first, mask | 126, 0, 0])
    head.writeUInt16BE(data.length, 2)
  } else {
    head = Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0])
    head.writeBigUInt64BE(BigInt(data.length), 2)
  }
  if (!isMasked) return Buffer.concat([head, data])
  const key = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, key, data.map((byte, i) => byte ^ key[i % 4]!)])
}
