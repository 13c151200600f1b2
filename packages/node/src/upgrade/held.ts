import type { Socket } from 'node:net'

/** What is kept of a connection while nobody may read it; beyond it the client has to wait. */
const HELD_BYTES = 64 * 1024

/**
 * A connection between two owners: Node's parser has let go of it, and the next one does not take it yet. It goes on being read, because
 * that is how a client that leaves is noticed; what comes is kept.
 */
export class Held {
  readonly #socket: Socket
  readonly #pieces: Buffer[] = []
  #bytes = 0

  constructor(socket: Socket, first: Buffer) {
    this.#socket = socket
    if (first.length > 0) this.#keep(first)
    socket.on('data', this.#keep)
    socket.on('end', this.#left)
    socket.on('error', ignore)
    // Keep-alive's patience is for a connection without a request.
    socket.setTimeout(0)
  }

  /** Ends the keeping: all that has come. The connection is paused, and without a listener for errors. */
  take(): Buffer {
    const socket = this.#socket
    socket.off('data', this.#keep)
    socket.off('end', this.#left)
    socket.off('error', ignore)
    socket.pause()
    return Buffer.concat(this.#pieces)
  }

  readonly #keep = (piece: Buffer): void => {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes >= HELD_BYTES) this.#socket.pause()
  }

  /** As with every request: a client that ends its side before the answer does not want it. */
  readonly #left = (): void => void this.#socket.destroy()
}

/** Of a broken connection `close` tells all that matters. */
export function ignore(): void {}
