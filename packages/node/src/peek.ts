import { writeProblem } from './malformed.ts'
import type { Socket } from 'node:net'

/** What becomes of a connection. Its first bytes are still to be read. */
export interface Peeked {
  http1(socket: Socket): void
  http2(socket: Socket): void
  /** They did not come in time; the client was told. */
  late(): void
}

/** The first letters of the preface of HTTP/2 (RFC 9113, section 3.4). No method of HTTP/1.1 begins like that. */
const PREFACE = Buffer.from('PRI')

/**
 * Tells by its first bytes what a connection in the clear speaks; `late` milliseconds are given for them. Three bytes are enough, and nothing is
 * left behind on the socket, so that `node:http` reads on as if nobody had looked.
 */
export function peek(socket: Socket, late: number, peeked: Peeked): void {
  let held: Buffer | null = null
  const timer = setTimeout(() => {
    settle()
    writeProblem(socket, 'REQUEST_TIMEOUT')
    peeked.late()
  }, late)
  const settle = (): void => {
    clearTimeout(timer)
    socket.off('readable', look)
    socket.off('end', leave)
    socket.off('close', settle)
  }
  const leave = (): void => {
    settle()
    socket.destroy()
  }
  const look = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    const first: Buffer = held === null ? chunk : Buffer.concat([held, chunk])
    const compared = Math.min(first.length, PREFACE.length)
    const isPreface = PREFACE.compare(first, 0, compared, 0, compared) === 0
    if (isPreface && compared < PREFACE.length) {
      held = first
      return
    }
    settle()
    socket.unshift(first)
    if (isPreface) peeked.http2(socket)
    else peeked.http1(socket)
  }
  // Until somebody takes the connection over nobody else would hear of its failure.
  socket.on('error', ignore)
  socket.on('readable', look)
  socket.on('end', leave)
  socket.on('close', settle)
}

function ignore(): void {}
