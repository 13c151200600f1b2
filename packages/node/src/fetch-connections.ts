import { Connection } from './connection.ts'
import { nameOf } from './connections.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'

/** Connections of a fetch listener. Over TLS a connection and the socket that its requests come through are two, known by one name. */
export class FetchConnections {
  /** As accepted, handshakes included. */
  readonly accepted = new Set<Socket>()
  /** The answers under way of every socket that requests came through, the one that is being sent first. */
  readonly #answers = new Map<Socket, ServerResponse[]>()
  #isClosing = false

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.accepted.add(socket)
      socket.once('close', () => this.accepted.delete(socket))
    })
  }

  /** Those without a request under way. */
  idle(): Socket[] {
    const busy = new Set(Array.from(this.#busy(), ([socket]) => nameOf(socket)))
    return Array.from(this.accepted).filter((socket) => !busy.has(nameOf(socket)))
  }

  /** Counts a request in; `false` when its connection takes no more. */
  begin({ socket }: IncomingMessage, res: ServerResponse): boolean {
    const connection = Connection.of(socket)
    if (connection.isLast || this.#isClosing) return false
    if (connection.secured !== null && connection.secured.until <= Date.now()) {
      socket.destroy()
      return false
    }
    const answers = this.#answersOf(socket)
    answers.push(res)
    res.once('close', () => {
      answers.splice(answers.indexOf(res), 1)
      if (connection.isLast || (this.#isClosing && answers.length === 0)) socket.destroySoon()
    })
    return true
  }

  /** Ends all connections, those with a request under way behind its answer: of requests that were pipelined the first alone gets one. */
  retire(): void {
    for (const [socket, [answer]] of this.#busy()) {
      Connection.of(socket).isLast = true
      answer!.shouldKeepAlive = false
    }
    for (const socket of this.idle()) socket.destroy()
  }

  /** Takes no more requests: a connection ends behind the answers that are under way. */
  close(): void {
    this.#isClosing = true
    for (const [, answers] of this.#busy()) answers.at(-1)!.shouldKeepAlive = false
  }

  #busy(): [Socket, ServerResponse[]][] {
    return Array.from(this.#answers).filter(([, answers]) => answers.length > 0)
  }

  #answersOf(socket: Socket): ServerResponse[] {
    const known = this.#answers.get(socket)
    if (known !== undefined) return known
    const answers: ServerResponse[] = []
    this.#answers.set(socket, answers)
    // Answers behind the one that is being sent are not told by Node that their connection went.
    socket.once('close', () => this.#answers.delete(socket))
    return answers
  }
}
