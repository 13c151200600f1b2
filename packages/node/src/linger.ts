import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How long a client may go on sending to a connection that has been answered for the last time. */
const LINGER_MS = 2_000

/**
 * Ends a connection whose client may still be sending. Closing at once would answer the rest with a TCP reset, and a reset takes the answer
 * with it when the client has not read it yet (RFC 9112, section 9.6). So our side is ended, and what comes is thrown away for a while.
 */
export function linger(socket: Socket): void {
  socket.end()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

/** Takes a connection from Node's parser after it has failed: what still comes is read and thrown away, never taken for a request. */
export function discard(socket: Socket): void {
  socket.removeAllListeners('data')
  // Any listener of our own ends the direct path from the system to the parser.
  socket.on('data', () => {})
}

/** Makes Node's own closing, which follows an answer with `Connection: close`, linger. The parser goes on and what it finds is dropped. */
export function lingerAtEnd(req: IncomingMessage, socket: Socket): void {
  socket.destroySoon = () => {
    req.push = () => true
    // The parser stops the connection below a stream that seems to flow: only a pause makes the resume real.
    socket.pause()
    socket.resume()
    linger(socket)
  }
}
