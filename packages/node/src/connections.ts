import { Connection } from './connection.ts'
import type { LaneHost } from '@octopus-gateway/core/lane'
import type { Socket } from 'node:net'

/** How many connections there may be. */
export interface ConnectionLimits {
  /** In all, on all listeners together. */
  readonly all: number
  readonly perIp: number
}

/** How often is looked, while the server closes, whether a connection is idle. */
const LOOK_MS = 10

/**
 * How many looks in a row must find a connection idle before it is closed: what its client has sent before it could know is answered. Counted
 * in looks, because a process that the system has not let run for a while has not read anything in that time either.
 */
const IDLE_LOOKS = 3

/**
 * Connections that are closed between two looks of Node at what has come. A close throws away what the system has and nobody has read; right
 * behind such a look there is nothing of the kind, and the fewer are closed the shorter is the time in which there could be.
 */
const CLOSED_AT_ONCE = 16

/** All connections of a server, on whichever of its listeners they came. */
export class Connections {
  /** May be changed; connections that are there stay. */
  limits: ConnectionLimits
  readonly #lanes: LaneHost
  /** As accepted. What speaks TLS has another socket on top, through which its requests come. */
  readonly #accepted = new Set<Socket>()
  readonly #speaking = new Set<Socket>()
  readonly #perIp = new Map<string, number>()
  #emptied: (() => void) | null = null
  /** While retiring: what had come of each connection at the last look, and how many looks in a row have found it idle. */
  #seen = new Map<Socket, { readonly bytes: number; readonly idle: number }>()
  #sweeping: ReturnType<typeof setTimeout> | null = null
  /** Milliseconds that the last look took: with thousands of connections under way, looking must not cost what they need. */
  #cost = 0

  constructor(lanes: LaneHost, limits: ConnectionLimits) {
    this.#lanes = lanes
    this.limits = limits
  }

  /** Counts a connection that was accepted; `false` when it is one too many and was closed. */
  admit(socket: Socket): boolean {
    const ip = socket.remoteAddress ?? ''
    const count = (this.#perIp.get(ip) ?? 0) + 1
    const isFull = this.#accepted.size >= this.limits.all
    if (isFull || count > this.limits.perIp) {
      this.#lanes.metrics.rejected(isFull ? 'connections' : 'connections_per_ip')
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

  /** Asks connections to end with the requests that are under way, and ends them when they have been idle for a moment. */
  retire(): void {
    // Again with every sweep: a handshake may have been under way.
    for (const socket of this.#speaking) Connection.of(socket).retire?.()
    if (this.#accepted.size > 0) this.#sweeping = setTimeout(() => this.#sweep(), Math.max(LOOK_MS, 10 * this.#cost))
  }

  #sweep(): void {
    const begun = performance.now()
    const busy = new Set<string>()
    const speaking = new Map<string, Connection>()
    for (const socket of this.#speaking) {
      const connection = Connection.of(socket)
      const name = nameOf(socket)
      speaking.set(name, connection)
      if (connection.retire !== null) busy.add(name)
    }
    const isIdle = (socket: Socket): boolean =>
      socket.bytesRead === this.#seen.get(socket)?.bytes && !busy.has(nameOf(socket)) && (speaking.get(nameOf(socket))?.size ?? 0) === 0
    this.#seen = new Map(
      Array.from(this.#accepted, (socket) => [
        socket,
        { bytes: socket.bytesRead, idle: isIdle(socket) ? this.#seen.get(socket)!.idle + 1 : 0 },
      ]),
    )
    const quiet = Array.from(this.#accepted).filter((socket) => this.#seen.get(socket)!.idle >= IDLE_LOOKS)
    this.#cost = performance.now() - begun
    this.#closeInTurns(quiet, isIdle)
  }

  /** In the turn behind Node's look for what has come, and not if that has found something. */
  #closeInTurns(sockets: readonly Socket[], isIdle: (socket: Socket) => boolean): void {
    setImmediate(() => {
      for (const socket of sockets.slice(0, CLOSED_AT_ONCE)) if (isIdle(socket)) socket.destroy()
      if (sockets.length > CLOSED_AT_ONCE) this.#closeInTurns(sockets.slice(CLOSED_AT_ONCE), isIdle)
      else this.retire()
    })
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
    if (this.#accepted.size > 0) return
    if (this.#sweeping !== null) clearTimeout(this.#sweeping)
    this.#emptied?.()
  }
}

/** The same for a connection and for the TLS on top of it. A client may bind one port for connections to two of our addresses: both ends count. */
export function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`
}
