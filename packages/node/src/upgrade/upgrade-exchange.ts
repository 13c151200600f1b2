import { ServerResponse } from 'node:http'
import { acceptFor } from './handshake.ts'
import { Connection } from '../connection.ts'
import { discard, linger } from '../linger.ts'
import { GatewayError } from '@octopus-gateway/core'
import { MessageExchange } from '../message-exchange.ts'
import type { ClientEnd } from '../exchange.ts'
import type { Context } from '@octopus-gateway/core/lane'
import type { HeaderList } from '@octopus-gateway/core'
import type { Held } from './held.ts'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** A request for an upgrade that has not become one yet, on a connection that Node's parser has left. */
export class UpgradeExchange extends MessageExchange {
  readonly #socket: Socket
  readonly #held: Held
  #isTunnel = false

  constructor(req: IncomingMessage, ctx: Context, { socket, held }: { readonly socket: Socket; readonly held: Held }) {
    super(req, new ServerResponse(req), ctx)
    this.#socket = socket
    this.#held = held
  }

  switchProtocols(headers: HeaderList): ClientEnd {
    const { ctx } = this
    const socket = this.#socket
    headers.set('upgrade', 'websocket')
    headers.set('connection', 'Upgrade')
    headers.set('sec-websocket-accept', acceptFor(ctx.request.headers.get('sec-websocket-key')!))
    const { flat } = headers
    let head = 'HTTP/1.1 101 Switching Protocols\r\n'
    for (let i = 0; i < flat.length; i += 2) head += fieldLine(flat[i]!, flat[i + 1]!)
    this.#isTunnel = true
    socket.write(`${head}\r\n`, 'latin1')
    return {
      duplex: socket,
      status: 101,
      early: this.#held.take(),
      abort: () => socket.destroy(),
      done: () => Connection.of(socket).end(this),
    }
  }

  /** An answer that is no switch is the last of its connection: a client that got none of what it asked for starts anew. */
  override mustEnd(): boolean {
    const { res } = this
    const socket = this.#socket
    if (res.socket !== null) return true
    res.shouldKeepAlive = false
    res.assignSocket(socket)
    socket.on('drain', () => void res.emit('drain'))
    res.once('finish', () => linger(socket))
    discard(socket)
    socket.resume()
    return true
  }

  /** Once it is a tunnel, the tunnel knows best how it ends. */
  override abandon(): void {
    if (!this.#isTunnel) super.abandon()
  }

  override cut(): void {
    if (!this.#isTunnel) this.#socket.destroy()
  }
}

function fieldLine(name: string, value: string): string {
  if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new GatewayError('INTERNAL', `The field "${name}" of the answer is not a field.`)
  return `${name}: ${value}\r\n`
}
