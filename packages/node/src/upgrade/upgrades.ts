import { asksForWebSocket, handshakeProblem } from './handshake.ts'
import { Connection } from '../connection.ts'
import { GatewayError, HeaderList, toGatewayError } from '@octopus-gateway/core'
import { Held } from './held.ts'
import { local } from '@octopus-gateway/core/lane'
import { Tunnel } from './tunnel.ts'
import { UpgradeExchange } from './upgrade-exchange.ts'
import { UpgradeWire } from './upgrade-wire.ts'
import { whenItsTurn } from './turn.ts'
import { withoutUpgrade } from './ordinary.ts'
import type { Answer, LaneHost } from '@octopus-gateway/core/lane'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { UpgradeBody, UpstreamEnd } from './upgrade-wire.ts'

/** What upgrades are told. */
export interface UpgradesOptions {
  /** Longest silence of a client that does not read, milliseconds. */
  readonly clientIdle: number
  /** Gives a connection back to the server, as if it had just come. */
  readonly accept: (socket: Socket) => void
}

/** Takes what Node calls upgrades: WebSocket handshakes through the phases of their route into a tunnel, everything else back to be served. */
export class Upgrades {
  readonly #lanes: LaneHost
  readonly #wire = new UpgradeWire()
  readonly #options: UpgradesOptions
  /** Not a set: one that lives long and changes often keeps what has gone from it. */
  readonly #tunnels: Tunnel[] = []
  #isClosing = false

  constructor(lanes: LaneHost, options: UpgradesOptions) {
    this.#lanes = lanes
    this.#options = options
  }

  /** For the `upgrade` event of a server: Node has let go of the connection. */
  readonly handle = (req: IncomingMessage, socket: Socket, first: Buffer): void => {
    const held = new Held(socket, first)
    const connection = Connection.of(socket)
    // Behind a message whose end is in doubt nothing is a request.
    if (connection.isLast) return
    whenItsTurn(connection, socket, () => {
      if (asksForWebSocket(req)) this.#open(req, socket, held)
      else this.#giveBack(req, socket, held)
    })
  }

  /** Tells the peers of every tunnel to go, also of those that come now. */
  goodbye(): void {
    this.#isClosing = true
    for (const tunnel of this.#tunnels) tunnel.goodbye()
  }

  #giveBack(req: IncomingMessage, socket: Socket, held: Held): void {
    socket.unshift(Buffer.concat([withoutUpgrade(req), held.take()]))
    this.#options.accept(socket)
    socket.resume()
  }

  #open(req: IncomingMessage, socket: Socket, held: Held): void {
    const connection = Connection.of(socket)
    const request = { method: req.method!, target: req.url!, headers: new HeaderList(req.rawHeaders) }
    const { ctx, refusal } = this.#lanes.open({ request, peer: connection.peer(this.#lanes), carries: ['websocket'] })
    const exchange = new UpgradeExchange(req, socket, ctx)
    connection.isLast = true
    connection.begin(exchange)
    ctx.clientIdle = this.#options.clientIdle
    ctx.downstream = exchange
    const closing = this.#isClosing ? new GatewayError('NOT_READY', 'The gateway is closing.') : null
    this.#run(exchange, held, handshakeProblem(request.method, request.headers) ?? refusal ?? closing).catch((thrown: unknown) => {
      ctx.log.error('answer to an upgrade could not be written', { reason: toGatewayError(thrown).message, request_id: ctx.id })
      ctx.end(toGatewayError(thrown))
      socket.destroy()
    })
  }

  async #run(exchange: UpgradeExchange, held: Held, problem: GatewayError | null): Promise<void> {
    const { ctx } = exchange
    if (problem !== null) {
      exchange.answer(await this.#lanes.refuse(ctx, problem))
      return
    }
    ctx.start()
    const answer = await this.#lanes.exchange(ctx, this.#wire, null)
    const end = answer.flow?.end ?? null
    if (end === null) {
      exchange.answer({ ...answer, flow: answer.flow?.flow ?? null })
      return
    }
    if (answer.head.status === 101) {
      this.#switch(exchange, held, { ...answer, end })
      return
    }
    // A plugin has made another answer of the switch.
    ctx.discard(new GatewayError('CLIENT_CLOSED'))
    exchange.answer({ ...answer, local: null, flow: null })
  }

  #switch(exchange: UpgradeExchange, held: Held, { head, end }: Answer<UpgradeBody> & { readonly end: UpstreamEnd }): void {
    const { ctx, socket } = exchange
    if (ctx.isFinished || socket.destroyed) {
      end.socket.destroy()
      return
    }
    try {
      exchange.switchProtocols(head.headers)
    } catch (thrown) {
      ctx.failure = toGatewayError(thrown)
      ctx.log.error('plugin set an invalid field', { reason: ctx.failure.message, request_id: ctx.id })
      ctx.discard(ctx.failure)
      exchange.answer(local(ctx, ctx.failure.toReply(ctx.id)))
      return
    }
    const tunnel = new Tunnel(ctx, { client: socket, early: held.take(), upstream: end }, (passed) => {
      ctx.finish({ status: 101, ...passed })
      Connection.of(socket).end(exchange)
      this.#forget(tunnel)
    })
    this.#tunnels.push(tunnel)
    tunnel.start()
    if (this.#isClosing) tunnel.goodbye()
  }

  #forget(tunnel: Tunnel): void {
    const index = this.#tunnels.indexOf(tunnel)
    const last = this.#tunnels.pop()
    if (last !== undefined && last !== tunnel) this.#tunnels[index] = last
  }
}
