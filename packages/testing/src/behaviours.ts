import { readMessage } from './message.ts'
import type { RawMessage } from './message.ts'
import type { Socket } from 'node:net'
import type { SocketHandler } from './raw-server.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'

/** Calls `then` with every complete request of a connection, one after another. */
export function onRequest(then: (request: RawMessage, socket: Socket, index: number) => void): SocketHandler {
  return (socket) => {
    let pending: Buffer = Buffer.alloc(0)
    let index = 0
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      for (let request = readMessage(pending); request !== undefined && !socket.destroyed; request = readMessage(pending)) {
        pending = pending.subarray(request.size)
        then(request, socket, index++)
      }
    })
  }
}

/** Calls `then` once, when the head of the first request is complete, whatever the body does. */
export function onHead(then: (socket: Socket) => void): SocketHandler {
  return (socket) => {
    let text = ''
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      socket.off('data', read)
      then(socket)
    }
    socket.on('data', read)
  }
}

/** Answers every request with exactly these bytes (latin1); with `close`, ends the connection after the first. */
export function respondWith(bytes: string, options: { readonly close?: boolean } = {}): SocketHandler {
  return onRequest((_request, socket) => {
    if (options.close === true) socket.end(bytes, 'latin1')
    else socket.write(bytes, 'latin1')
  })
}

/** Accepts and resets: at once (`connect`), or when the head of a request has arrived (`request`, the default). */
export function resetBeforeHead(options: { readonly after?: 'connect' | 'request' } = {}): SocketHandler {
  if (options.after === 'connect') return (socket) => void socket.resetAndDestroy()
  return onHead((socket) => void socket.resetAndDestroy())
}

/** Promises `length` bytes of body (default 1000), sends `sent` of them (default 100), and resets `delay` ms later (default 20). */
export function resetMidBody(options: { readonly length?: number; readonly sent?: number; readonly delay?: number } = {}): SocketHandler {
  const { length = 1000, sent = 100, delay = 20 } = options
  return onHead((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(sent)}`, () => {
      // Some systems throw unread bytes away when a reset comes: leave the peer time to read them.
      setTimeout(() => socket.resetAndDestroy(), delay)
    })
  })
}

/** Reads and never answers. */
export function hang(): SocketHandler {
  return (socket) => void socket.resume()
}

/** Sends the head one byte at a time, `every` ms (default 20), then `ok`. */
export function slowHead(options: { readonly every?: number } = {}): SocketHandler {
  return onHead((socket) => drip(socket, [...OK], options.every ?? 20))
}

/** Sends the head at once and then `chunks` chunks (default 5) `every` ms (default 50), with chunked coding; with `endless`, never the last one. */
export function slowBody(options: { readonly chunks?: number; readonly every?: number; readonly endless?: boolean } = {}): SocketHandler {
  const { chunks = 5, every = 50, endless = false } = options
  return onHead((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n')
    const parts = Array.from({ length: chunks }, (_, i) => {
      const text = `chunk ${i}\n`
      return `${text.length.toString(16)}\r\n${text}\r\n`
    })
    drip(socket, endless ? parts : [...parts, '0\r\n\r\n'], every)
  })
}

/** Answers with bytes that are not HTTP, and closes. */
export function garbage(bytes = '\u0016\u0003\u0001 this is not HTTP\r\n\r\n'): SocketHandler {
  return onHead((socket) => socket.end(bytes, 'latin1'))
}

/** Sends interim responses (default one 103 with a `Link` field), then 200 `ok`. */
export function interimFirst(options: { readonly statuses?: readonly number[] } = {}): SocketHandler {
  const heads = (options.statuses ?? [103]).map((status) => `HTTP/1.1 ${status} Interim\r\nLink: </style.css>; rel=preload\r\n\r\n`)
  return respondWith(heads.join('') + OK)
}

/** Answers with one field of `bytes` bytes (default 64 KiB). */
export function hugeHead(options: { readonly bytes?: number } = {}): SocketHandler {
  return respondWith(`HTTP/1.1 200 OK\r\nX-Huge: ${'h'.repeat(options.bytes ?? 65_536)}\r\nContent-Length: 2\r\n\r\nok`)
}

/** Keeps the connection alive for `responses` answers and then closes it without having said so: the race every pool meets. */
export function closesAfter(responses: number): SocketHandler {
  return onRequest((_request, socket, index) => {
    if (index + 1 < responses) socket.write(OK)
    else socket.end(OK)
  })
}

/** Answers (default 413) as soon as the head is there and reads nothing of the body; with `close`, ends the connection too. */
export function answersEarly(options: { readonly status?: number; readonly close?: boolean } = {}): SocketHandler {
  const { status = 413, close = false } = options
  return onHead((socket) => {
    socket.pause()
    const bytes = `HTTP/1.1 ${status} Early\r\nContent-Length: 5\r\n${close ? 'Connection: close\r\n' : ''}\r\nearly`
    if (close) socket.end(bytes)
    else socket.write(bytes)
  })
}

function drip(socket: Socket, parts: readonly string[], every: number): void {
  let next = 0
  const timer = setInterval(() => {
    if (next < parts.length && !socket.destroyed) socket.write(parts[next++]!)
    else clearInterval(timer)
  }, every)
  socket.on('close', () => clearInterval(timer))
}
