import { ClientExchange } from './exchange.ts'
import { Pool } from './pool.ts'
import { ReplayingWire } from '../replaying-wire.ts'
import { requestStart } from './request-head.ts'
import { toGatewayError } from '@octopus-gateway/core'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload } from '../flow.ts'
import type { Transport } from '@octopus-gateway/core'
import type { PoolOwner } from './pool.ts'

/** How often connections are looked through for those that have been idle for too long. */
const PRUNE_MS = 1_000

/** The way out over HTTP/1.1 by a client of our own, with one pool of connections for each transport and origin. */
export class Http1Wire extends ReplayingWire implements PoolOwner {
  isClosing = false
  readonly #byTransport = new WeakMap<Transport, Map<string, Pool>>()
  /** All pools that have connections. */
  readonly #pools = new Set<Pool>()
  #timer: ReturnType<typeof setInterval> | null = null
  #onClosed: (() => void) | null = null

  send(call: Call<NodeUpload>): Sending<Flow> {
    try {
      const { head, body, keep, isIdempotent, isCopied } = call
      // Before a connection stands nothing is read of a body: only what may be sent again after that has to be kept.
      const replay = body === null ? null : this.replays.of(body, isIdempotent || isCopied ? keep : 0)
      const exchange = new ClientExchange(call, requestStart(head, body), replay)
      this.#pool(call).send(exchange, call.connectTimeout)
      return exchange
    } catch (thrown) {
      return { answer: Promise.reject(toGatewayError(thrown)), abort() {} }
    }
  }

  async close(graceMs: number): Promise<void> {
    this.isClosing = true
    for (const pool of this.#pools) pool.prune(Infinity)
    if (this.#pools.size === 0) return
    const timer = setTimeout(() => this.#pools.forEach((pool) => pool.destroy()), graceMs)
    await new Promise<void>((resolve) => (this.#onClosed = resolve))
    clearTimeout(timer)
  }

  emptied(pool: Pool): void {
    this.#pools.delete(pool)
    this.#byTransport.get(pool.transport)?.delete(pool.origin)
    if (this.#pools.size > 0) return
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#onClosed?.()
  }

  #pool({ transport, endpoint }: Call<NodeUpload>): Pool {
    let byOrigin = this.#byTransport.get(transport)
    if (byOrigin === undefined) this.#byTransport.set(transport, (byOrigin = new Map()))
    let pool = byOrigin.get(endpoint.origin)
    if (pool === undefined) {
      pool = new Pool(this, transport, endpoint.origin)
      byOrigin.set(endpoint.origin, pool)
      this.#pools.add(pool)
      this.#timer ??= setInterval(() => this.#prune(), PRUNE_MS).unref()
    }
    return pool
  }

  #prune(): void {
    const now = performance.now()
    for (const pool of this.#pools) pool.prune(now)
  }
}
