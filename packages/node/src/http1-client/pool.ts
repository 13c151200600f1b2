import { Connection } from './connection.ts'
import { IDLE_CONNECTIONS } from './limits.ts'
import { Tickets } from '../connect/tickets.ts'
import type { ClientExchange } from './exchange.ts'
import type { ConnectionOwner } from './connection.ts'
import type { Transport } from '@octopus-gateway/core'

const ALPN = ['http/1.1']

/** Told when a pool has no connection any more. */
export interface PoolOwner {
  readonly isClosing: boolean
  emptied(pool: Pool): void
}

/** The connections to one origin. The one that was used last is used first, so that those nobody needs grow old. */
export class Pool implements ConnectionOwner {
  readonly transport: Transport
  readonly origin: string
  readonly #owner: PoolOwner
  readonly #tickets = new Tickets()
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []

  constructor(owner: PoolOwner, transport: Transport, origin: string) {
    this.transport = transport
    this.origin = origin
    this.#owner = owner
  }

  send(exchange: ClientExchange, connectTimeout: number): void {
    const now = performance.now()
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.canCarry(now)) return connection.carry(exchange)
      connection.destroy()
    }
    this.#connect(exchange, connectTimeout)
  }

  released(connection: Connection): void {
    if (this.#owner.isClosing || this.#idle.length >= IDLE_CONNECTIONS) connection.destroy()
    else this.#idle.push(connection)
  }

  closed(connection: Connection): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    if (this.#all.size === 0) this.#owner.emptied(this)
  }

  /** Closes idle connections that are too old; with `Infinity` all of them. */
  prune(now: number): void {
    for (const connection of this.#idle.splice(0)) {
      if (connection.canCarry(now)) this.#idle.push(connection)
      else connection.destroy()
    }
  }

  /** Closes every connection and gives up what is under way. */
  destroy(): void {
    for (const connection of this.#all) connection.close()
  }

  #connect(exchange: ClientExchange, timeout: number): void {
    const { origin, transport } = this
    const connection = new Connection(this, exchange)
    this.#all.add(connection)
    connection.dial({ origin, transport, timeout, alpn: ALPN, tickets: this.#tickets })
  }
}
