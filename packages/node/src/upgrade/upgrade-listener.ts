import { asksForWebSocket, handshakeProblem } from './handshake.ts'
import { Connection } from '../connection.ts'
import { Held } from './held.ts'
import { HeaderList } from '@octopus-gateway/core'
import { UpgradeExchange } from './upgrade-exchange.ts'
import { whenItsTurn } from './turn.ts'
import { withoutUpgrade } from './ordinary.ts'
import type { IncomingMessage } from 'node:http'
import type { Listener } from '../listener.ts'
import type { Protocol } from '@octopus-gateway/core'
import type { Socket } from 'node:net'

const CARRIES: readonly Protocol[] = ['http', 'websocket']

/** Takes what `node:http` calls upgrades: WebSocket handshakes to the listener, everything else back to be served as the request it is. */
export class UpgradeListener {
  readonly #listener: Listener
  readonly #accept: (socket: Socket) => void

  /** `accept` takes a connection as if it had just come. */
  constructor(listener: Listener, accept: (socket: Socket) => void) {
    this.#listener = listener
    this.#accept = accept
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

  #giveBack(req: IncomingMessage, socket: Socket, held: Held): void {
    socket.unshift(Buffer.concat([withoutUpgrade(req), held.take()]))
    this.#accept(socket)
    socket.resume()
  }

  #open(req: IncomingMessage, socket: Socket, held: Held): void {
    const { lanes } = this.#listener
    const connection = Connection.of(socket)
    const request = { method: req.method!, target: req.url!, headers: new HeaderList(req.rawHeaders) }
    const { ctx, refusal } = lanes.open({ request, peer: connection.peer(lanes), carries: CARRIES })
    const problem = handshakeProblem(request.method, request.headers) ?? refusal
    connection.isLast = true
    this.#listener.take(connection, new UpgradeExchange(req, ctx, { socket, held }), { problem, isExpecting: false })
  }
}
