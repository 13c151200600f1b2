import { Connection } from './connection.ts'
import { nameOf } from './connections.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'

/** Connections of a fetch listener. Over TLS a connection and the socket that its requests come through are two, known by one name. */
export class FetchConnections {
  /** As accepted, handshakes included. */
  readonly accepted = new Set<Socket>()
  readonly #busy = new Map<string, Socket>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.accepted.add(socket)
      socket.once('close', () => this.accepted.delete(socket))
    })
  }

  isBusy(socket: Socket): boolean {
    return this.#busy.has(nameOf(socket))
  }

  /** Counts a request in; `false` when its connection takes no more. */
  begin({ socket }: IncomingMessage, res: ServerResponse): boolean {
    const connection = Connection.of(socket)
    if (connection.isLast) return false
    if (connection.secured !== null && connection.secured.until <= Date.now()) {
      socket.destroy()
      return false
    }
    const name = nameOf(socket)
    this.#busy.set(name, socket)
    res.once('close', () => {
      this.#busy.delete(name)
      if (connection.isLast) socket.destroySoon()
    })
    return true
  }

  /** Ends all connections, those with a request under way behind its answer. */
  retire(): void {
    for (const socket of this.#busy.values()) Connection.of(socket).isLast = true
    for (const socket of this.accepted) if (!this.isBusy(socket)) socket.destroy()
  }
}
