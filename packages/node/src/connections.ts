import { Connection } from './connection.ts'
import type { LaneHost } from '@octopus-gateway/core/lane'
import type { Socket } from 'node:net'

/** How many connections there may be. */
export interface ConnectionLimits {
  /** In all, on all listeners together. */
  readonly all: number
  readonly perIp: number
}

/** All connections of a server, on whichever of its listeners they came. */
export class Connections {
  readonly #lanes: LaneHost
  readonly #limits: ConnectionLimits
  /** As accepted. What speaks TLS has another socket on top, through which its requests come. */
  readonly #accepted = new Set<Socket>()
  readonly #speaking = new Set<Socket>()
  readonly #perIp = new Map<string, number>()
  #emptied: (() => void) | null = null

  constructor(lanes: LaneHost, limits: ConnectionLimits) {
    this.#lanes = lanes
    this.#limits = limits
  }

  /** Counts a connection that was accepted; `false` when it is one too many and was closed. */
  admit(socket: Socket): boolean {
    const ip = socket.remoteAddress ?? ''
    const count = (this.#perIp.get(ip) ?? 0) + 1
    if (this.#accepted.size >= this.#limits.all || count > this.#limits.perIp) {
      socket.destroy()
      return false
    }
    this.#perIp.set(ip, count)
    this.#accepted.add(socket)
    this.#lanes.metrics.connections(1)
    socket.once('close', () => this.#gone(socket, ip))
    return true
  }

  /** From now on requests come through this socket. */
  speaks(socket: Socket): void {
    this.#speaking.add(socket)
    socket.once('close', () => this.#speaking.delete(socket))
  }

  /** Ends what is idle, and asks the others to end with the requests that are under way. */
  retire(): void {
    const busy = new Set<string>()
    for (const socket of this.#speaking) {
      const connection = Connection.of(socket)
      if (connection.retire !== null) connection.retire()
      if (connection.size > 0 || connection.retire !== null) busy.add(nameOf(socket))
    }
    for (const socket of this.#accepted) if (!busy.has(nameOf(socket))) socket.destroy()
  }

  /** Cuts everything. */
  destroy(): void {
    for (const socket of this.#accepted) socket.destroy()
  }

  /** Resolves when there is no connection. */
  empty(): Promise<void> {
    if (this.#accepted.size === 0) return Promise.resolve()
    return new Promise((resolve) => (this.#emptied = resolve))
  }

  #gone(socket: Socket, ip: string): void {
    this.#accepted.delete(socket)
    this.#lanes.metrics.connections(-1)
    const left = this.#perIp.get(ip)! - 1
    if (left === 0) this.#perIp.delete(ip)
    else this.#perIp.set(ip, left)
    if (this.#accepted.size === 0) this.#emptied?.()
  }
}

/** The same for a connection and for the TLS on top of it. */
function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`
}
