import { ServerResponse } from 'node:http'
import { acceptFor } from './handshake.ts'
import { deliver } from '../deliver.ts'
import { discard, linger } from '../linger.ts'
import { Exchange } from '../connection.ts'
import { GatewayError } from '@octopus-gateway/core'
import type { Answer, Context } from '@octopus-gateway/core/lane'
import type { Flow } from '../flow.ts'
import type { HeaderList } from '@octopus-gateway/core'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** A request for an upgrade that has not become one yet, on a connection that Node's parser has left. */
export class UpgradeExchange extends Exchange {
  readonly socket: Socket
  #isTunnel = false

  constructor(req: IncomingMessage, socket: Socket, ctx: Context) {
    super(req, new ServerResponse(req), ctx)
    this.socket = socket
  }

  /** Once it is a tunnel, the tunnel knows best how it ends. */
  override abandon(): void {
    if (!this.#isTunnel) super.abandon()
  }

  override cut(): void {
    if (!this.#isTunnel) this.socket.destroy()
  }

  /** The switch. Throws where a plugin has set a field that is none. */
  switchProtocols(headers: HeaderList): void {
    const { flat } = headers
    headers.delete('sec-websocket-accept')
    let head = `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${acceptFor(this.ctx.request.headers.get('sec-websocket-key')!)}\r\n`
    for (let i = 0; i < flat.length; i += 2) head += `${fieldLine(flat[i]!, flat[i + 1]!)}\r\n`
    this.#isTunnel = true
    this.socket.write(`${head}\r\n`, 'latin1')
  }

  /** An answer that is no switch. It is the last of its connection: a client that got none of what it asked for starts anew. */
  answer(answer: Answer<Flow>): void {
    const { res, socket } = this
    const { headers } = answer.head
    headers.set('connection', headers.has('upgrade') ? 'Upgrade, close' : 'close')
    res.shouldKeepAlive = false
    res.assignSocket(socket)
    socket.on('drain', () => void res.emit('drain'))
    res.once('finish', () => linger(socket))
    discard(socket)
    socket.resume()
    deliver(this, answer)
  }
}

function fieldLine(name: string, value: string): string {
  if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new GatewayError('INTERNAL', `The field "${name}" of the answer is not a field.`)
  return `${name}: ${value}`
}
