import { connect as connectTcp, isIP } from 'node:net'
import { Connection } from './connection.ts'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { IDLE_CONNECTIONS } from './limits.ts'
import type { ClientExchange } from './exchange.ts'
import type { ConnectionOwner } from './connection.ts'
import type { SecureContext } from 'node:tls'
import type { Transport } from '@octopus-gateway/core'

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
  readonly #host: string
  readonly #port: number
  readonly #isSecure: boolean
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  #context: SecureContext | null = null
  #session: Buffer | null = null

  constructor(owner: PoolOwner, transport: Transport, origin: string) {
    const url = new URL(origin)
    this.transport = transport
    this.origin = origin
    this.#owner = owner
    this.#isSecure = url.protocol === 'https:'
    this.#host = url.hostname.replace(/^\[|\]$/g, '')
    this.#port = url.port === '' ? (this.#isSecure ? 443 : 80) : Number(url.port)
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

  #connect(exchange: ClientExchange, connectTimeout: number): void {
    const connection = new Connection(this, exchange)
    this.#all.add(connection)
    const to = {
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: connection.onread,
    }
    if (!this.#isSecure) {
      connection.use(connectTcp(to), 'connect', connectTimeout)
      return
    }
    const socket = connectTls({ ...to, ...this.#security() })
    // Resumed sessions spare a handshake its costly half.
    socket.on('session', (session) => (this.#session = session))
    connection.use(socket, 'secureConnect', connectTimeout)
  }

  #security(): object {
    const { ca, verify = true, serverName = this.#host } = this.transport.tls ?? {}
    this.#context ??= createSecureContext(ca === undefined ? {} : { ca })
    return {
      secureContext: this.#context,
      rejectUnauthorized: verify,
      ALPNProtocols: ['http/1.1'],
      // SNI has no addresses (RFC 6066, section 3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(this.#session === null ? {} : { session: this.#session }),
    }
  }
}
