import { createServer } from 'node:net'
import { listen } from './listen.ts'
import type { Socket } from 'node:net'

const KEPT = 1_048_576

/** What a raw server does with a new connection. */
export type SocketHandler = (socket: Socket) => void

/** A TCP origin that writes the bytes it is told to, right or wrong. */
export interface RawServer extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string
  /** Connections: open now, and accepted so far. */
  readonly connections: { readonly open: number; readonly accepted: number }
  /** What was received so far, one text (latin1) per connection in the order of connecting, up to 1 MiB each. */
  readonly received: readonly string[]
  close(): Promise<void>
}

/** Starts a TCP server whose connections `handler` gets: one of the behaviours of this package, or any function of a socket. */
export async function startRawServer(handler: SocketHandler, options: { readonly port?: number } = {}): Promise<RawServer> {
  const received: string[] = []
  const server = createServer((socket) => {
    const index = received.push('') - 1
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      if (received[index]!.length < KEPT) received[index] += chunk.toString('latin1')
    })
    // A peer that resets is part of the game: 'close' follows, and the test sees it from the other side.
    socket.on('error', () => socket.destroy())
    handler(socket)
  })
  const listening = await listen(server, options.port ?? 0)
  return {
    port: listening.port,
    origin: listening.origin,
    connections: listening,
    received,
    close: listening.close,
    [Symbol.asyncDispose]: listening.close,
  }
}
