import { GatewayError, toGatewayError } from '@octopus-gateway/core'
import { local } from '@octopus-gateway/core/lane'
import { Tunnel } from './tunnel.ts'
import type { Answer, LaneHost } from '@octopus-gateway/core/lane'
import type { ClientEnd, Exchange } from '../exchange.ts'
import type { Flow } from '../flow.ts'
import type { ResponseHead } from '@octopus-gateway/core'
import type { UpgradeWire } from './upgrade-wire.ts'
import type { UpstreamEnd } from './upgrade-body.ts'

/** All tunnels of a server. */
export class Tunnels {
  readonly #lanes: LaneHost
  readonly #wire: UpgradeWire
  /** Not a set: one that lives long and changes often keeps what has gone from it. */
  readonly #open: Tunnel[] = []
  #isClosing = false

  constructor(lanes: LaneHost, wire: UpgradeWire) {
    this.#lanes = lanes
    this.#wire = wire
  }

  /** A handshake through the phases of its route into a tunnel; `null` then, and otherwise the answer that is to be delivered instead. */
  async exchange(exchange: Exchange): Promise<Answer<Flow> | null> {
    const { ctx } = exchange
    const answer = await this.#lanes.exchange(ctx, this.#wire, null)
    const body = answer.flow
    if (body === null) return { ...answer, flow: null }
    if (body.end === null) return { ...answer, flow: body.flow }
    if (answer.head.status === 101) return this.#switch(exchange, answer.head, body.end)
    // A plugin has made another answer of the switch.
    ctx.discard(new GatewayError('CLIENT_CLOSED'))
    return { ...answer, local: null, flow: null }
  }

  /** Tells the peers of every tunnel to go, also of those that begin now. */
  goodbye(): void {
    this.#isClosing = true
    for (const tunnel of this.#open) tunnel.goodbye()
  }

  #switch(exchange: Exchange, { headers }: ResponseHead, upstream: UpstreamEnd): Answer<Flow> | null {
    const { ctx } = exchange
    if (ctx.isFinished || exchange.res.destroyed || exchange.switchProtocols === undefined) {
      upstream.cut()
      return null
    }
    let client: ClientEnd
    try {
      client = exchange.switchProtocols(headers)
    } catch (thrown) {
      ctx.failure = new GatewayError('INTERNAL', toGatewayError(thrown).message, thrown)
      ctx.log.error('a plugin has set a field that is none', { reason: ctx.failure.message, request_id: ctx.id })
      ctx.discard(ctx.failure)
      return local(ctx, ctx.failure.toReply(ctx.id))
    }
    const tunnel = new Tunnel(ctx, { client, upstream }, (passed) => {
      ctx.finish({ status: client.status, ...passed })
      client.done()
      this.#forget(tunnel)
    })
    this.#open.push(tunnel)
    tunnel.start()
    if (this.#isClosing) tunnel.goodbye()
    return null
  }

  #forget(tunnel: Tunnel): void {
    const index = this.#open.indexOf(tunnel)
    const last = this.#open.pop()
    if (last !== undefined && last !== tunnel) this.#open[index] = last
  }
}
