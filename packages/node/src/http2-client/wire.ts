import { GatewayError } from '@octopus-gateway/core'
import { H2Flow } from './flow.ts'
import { H2Pool } from './pool.ts'
import { ReplayingWire } from '../replaying-wire.ts'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload } from '../flow.ts'
import type { Transport } from '@octopus-gateway/core'

/** How often idle connections are looked for. */
const SWEEP_MS = 5_000

/** The way out over HTTP/2: `node:http2`, one pool of connections for each transport and origin. */
export class H2Wire extends ReplayingWire {
  readonly #pools = new Map<Transport, Map<string, H2Pool>>()
  #sweeper: ReturnType<typeof setInterval> | null = null

  send(call: Call<NodeUpload>): Sending<Flow> {
    const pool = this.poolOf(call.transport, call.endpoint.origin)
    const flow = new H2Flow(call, pool, this.replays.always(call.body, call.keep))
    pool.acquire(flow)
    return flow
  }

  async close(graceMs: number): Promise<void> {
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    const pools = [...this.#pools.values()].flatMap((origins) => [...origins.values()])
    for (const pool of pools) pool.close()
    const until = performance.now() + graceMs
    while (pools.some((pool) => !pool.isEmpty) && performance.now() < until) await pause()
    for (const pool of pools) pool.destroy(new GatewayError('UPSTREAM_RESET', 'The gateway is closing.'))
  }

  /** The connections of a transport to an origin, for streams that are no requests. */
  poolOf(transport: Transport, origin: string): H2Pool {
    let origins = this.#pools.get(transport)
    if (origins === undefined) this.#pools.set(transport, (origins = new Map()))
    let pool = origins.get(origin)
    if (pool === undefined) {
      origins.set(origin, (pool = new H2Pool(origin, transport)))
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref()
    }
    return pool
  }

  /** Transports and origins come and go with the configuration: what has no connection left is forgotten. */
  #sweep(): void {
    const now = performance.now()
    for (const [transport, origins] of this.#pools) {
      for (const [origin, pool] of origins) {
        pool.sweep(now)
        if (pool.isEmpty) origins.delete(origin)
      }
      if (origins.size === 0) this.#pools.delete(transport)
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10))
}
