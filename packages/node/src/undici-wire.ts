import { Agent, buildConnector } from 'undici'
import { dial } from './connect/dial.ts'
import { GatewayError } from '@octopus-gateway/core'
import { ReplayingWire } from './replaying-wire.ts'
import { ReplayStream } from './replay-stream.ts'
import { Tickets } from './connect/tickets.ts'
import { UndiciFlow } from './undici-flow.ts'
import type { Call, Sending } from '@octopus-gateway/core/lane'
import type { Dispatcher } from 'undici'
import type { Flow, NodeUpload } from './flow.ts'
import type { Transport } from '@octopus-gateway/core'

/** After this long without a request the agent of a transport is let go of. */
const FORGOTTEN_MS = 600_000

/** Connections to the upstreams of one transport. */
interface Pool {
  readonly agent: Agent
  usedAt: number
}

/** The way out over HTTP/1.1: undici's `dispatch` with flat header arrays, one pool of connections per transport and origin. */
export class UndiciWire extends ReplayingWire {
  /** Connection options belong to an agent, so there is one for each transport and connect timeout in use. */
  readonly #pools = new Map<Transport, Map<number, Pool>>()

  send(call: Call<NodeUpload>): Sending<Flow> {
    const flow = new UndiciFlow(call.informed)
    const { head, body, endpoint, keep, isIdempotent, isCopied } = call
    const replay = this.replays.of(body, isIdempotent || isCopied ? keep : 0)
    const options = {
      origin: endpoint.origin,
      path: head.target,
      method: head.method as Dispatcher.HttpMethod,
      headers: head.headers.flat,
      body: replay === null ? body : new ReplayStream(replay),
      // Our own deadlines count; undici would also count time that a slow client takes.
      headersTimeout: 0,
      bodyTimeout: 0,
      // undici takes the name for TLS from the Host field, and ends the connection when the next client writes another one there.
      servername: endpoint.origin,
    }
    try {
      this.#agent(call.transport, call.connectTimeout).dispatch(options, flow)
    } catch (thrown) {
      flow.onError(thrown as Error)
    }
    return flow
  }

  async close(graceMs: number): Promise<void> {
    const agents = [...this.#pools.values()].flatMap((pools) => [...pools.values()].map(({ agent }) => agent))
    this.#pools.clear()
    const closed = Promise.all(agents.map((agent) => agent.close()))
    const error = new GatewayError('UPSTREAM_RESET', 'The gateway is closing.')
    let timer: ReturnType<typeof setTimeout> | undefined
    // undici's `close` never comes to its end when `destroy` is called meanwhile.
    const destroyed = new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => Promise.all(agents.map((agent) => agent.destroy(error))).then(() => resolve(), reject), graceMs)
    })
    await Promise.race([closed, destroyed]).finally(() => clearTimeout(timer))
  }

  #agent(transport: Transport, connectTimeout: number): Agent {
    const now = performance.now()
    let pools = this.#pools.get(transport)
    if (pools === undefined) {
      this.#forget(now)
      this.#pools.set(transport, (pools = new Map()))
    }
    let pool = pools.get(connectTimeout)
    if (pool === undefined) pools.set(connectTimeout, (pool = { agent: newAgent(transport, connectTimeout), usedAt: now }))
    pool.usedAt = now
    return pool.agent
  }

  /** Transports come and go with the configuration. A request that is still under way is waited for. */
  #forget(now: number): void {
    for (const [transport, pools] of this.#pools) {
      for (const [connectTimeout, { agent, usedAt }] of pools) {
        if (now - usedAt < FORGOTTEN_MS) continue
        pools.delete(connectTimeout)
        void agent.close()
      }
      if (pools.size === 0) this.#pools.delete(transport)
    }
  }
}

function newAgent(transport: Transport, timeout: number): Agent {
  const connectInTheClear = buildConnector({ timeout })
  const tickets = new Tickets()
  return new Agent({
    connect(options, callback) {
      if (options.protocol !== 'https:') {
        connectInTheClear(options, callback)
        return
      }
      const origin = `https://${options.host ?? options.hostname}`
      dial({ origin, transport, alpn: ['http/1.1'], timeout, tickets }, (error, socket) =>
        error === null ? callback(null, socket) : callback(error, null),
      )
    },
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}
