import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { answerProblem } from './handshake.ts'
import { dial } from '../connect/dial.ts'
import { GatewayError, HeaderList, toGatewayError } from '@octopus-gateway/core'
import { MessageFlow } from './message-flow.ts'
import { Tickets } from '../connect/tickets.ts'
import type { Call, Sending, UpstreamAnswer, Wire } from '@octopus-gateway/core/lane'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Flow } from '../flow.ts'
import type { Socket } from 'node:net'
import type { Transport } from '@octopus-gateway/core'

/** The upstream's end of a tunnel. Nothing of it has been read beyond `early`. */
export interface UpstreamEnd {
  readonly socket: Duplex
  /** What came in one piece with the head. */
  readonly early: Buffer
  /** Set by who takes the end over; until then giving up just closes the connection. */
  abort: ((error: GatewayError) => void) | null
}

/** What follows the head of an answer: the tunnel behind a 101, and an ordinary body behind everything else. */
export type UpgradeBody = { readonly end: UpstreamEnd; readonly flow: null } | { readonly end: null; readonly flow: Flow }

/** The way out for upgrades: a handshake over HTTP/1.1 on a connection of its own, whatever its upstream speaks otherwise. */
export class UpgradeWire implements Wire<null, UpgradeBody> {
  /** TLS sessions, whose trust is that of their transport. */
  readonly #tickets = new WeakMap<Transport, Tickets>()

  send(call: Call<null>): Sending<UpgradeBody> {
    let tickets = this.#tickets.get(call.transport)
    if (tickets === undefined) this.#tickets.set(call.transport, (tickets = new Tickets()))
    return new Handshake(call, tickets)
  }

  /** There is no body. */
  replayable(): boolean {
    return true
  }
}

/** One handshake with an endpoint. */
class Handshake implements Sending<UpgradeBody> {
  readonly answer: Promise<UpstreamAnswer<UpgradeBody>>
  #resolve!: (answer: UpstreamAnswer<UpgradeBody>) => void
  #reject!: (error: GatewayError) => void
  readonly #socket: Socket
  readonly #call: Call<null>
  readonly #asked: HeaderList
  #body: UpgradeBody | null = null

  constructor(call: Call<null>, tickets: Tickets) {
    this.#call = call
    this.#asked = askedOf(call)
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { endpoint, transport, connectTimeout } = call
    // HTTP/1.1 alone knows this way of upgrading.
    const wanted = { origin: endpoint.origin, transport, alpn: ['http/1.1'], timeout: connectTimeout, tickets }
    this.#socket = dial(wanted, (error, socket) => {
      if (error !== null) {
        this.#reject(error)
        return
      }
      // What one side has still to say is carried after the other has finished.
      socket.allowHalfOpen = true
      this.#ask()
    })
  }

  abort(error: GatewayError): void {
    const body = this.#body
    this.#reject(error)
    if (body?.end != null && body.end.abort !== null) body.end.abort(error)
    else if (body?.flow != null) body.flow.abort(error)
    else this.#socket.destroy()
  }

  #ask(): void {
    let request: ClientRequest
    try {
      request = httpRequest({
        createConnection: () => this.#socket,
        method: 'GET',
        path: this.#call.head.target,
        headers: this.#asked.flat as never,
      })
    } catch (thrown) {
      this.#fail(new GatewayError('BAD_HEADER', toGatewayError(thrown).message, thrown))
      return
    }
    request.on('upgrade', (response, socket, early) => this.#upgraded(response, socket, early))
    request.on('response', (response) => this.#answered(response))
    request.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode === 103) this.#call.onInformational?.({ status: statusCode, headers: new HeaderList(rawHeaders) })
    })
    request.on('error', (thrown: Error & { code?: string }) => {
      const code = thrown.code?.startsWith('HPE_') === true ? 'UPSTREAM_PROTOCOL' : 'UPSTREAM_RESET'
      this.#fail(new GatewayError(code, thrown.message, thrown))
    })
    request.end()
  }

  #upgraded(response: IncomingMessage, socket: Duplex, early: Buffer): void {
    const headers = new HeaderList(response.rawHeaders)
    const problem = response.statusCode === 101 ? answerProblem(this.#asked, headers) : `A ${response.statusCode} that switches protocols.`
    if (problem !== null) {
      this.#fail(new GatewayError('UPSTREAM_PROTOCOL', problem))
      return
    }
    // Ours is written for the client's own key; a 101 has no body (RFC 9110, section 15.2).
    headers.delete('sec-websocket-accept')
    headers.delete('content-length')
    this.#settle(101, headers, { end: { socket, early, abort: null }, flow: null })
  }

  #answered(response: IncomingMessage): void {
    if (response.statusCode === 101) {
      this.#fail(new GatewayError('UPSTREAM_PROTOCOL', 'The 101 of the upstream does not say to what it switches.'))
      return
    }
    this.#settle(response.statusCode!, new HeaderList(response.rawHeaders), { end: null, flow: new MessageFlow(response, this.#socket) })
  }

  #settle(status: number, headers: HeaderList, body: UpgradeBody): void {
    this.#body = body
    this.#resolve({ head: { status, headers }, body })
  }

  #fail(error: GatewayError): void {
    this.#reject(error)
    this.#socket.destroy()
  }
}

/** The outgoing head of the engine with the fields of this hop. Over HTTP/2 a client sends no key. */
function askedOf({ head }: Call<null>): HeaderList {
  const asked = head.headers.clone()
  asked.append('connection', 'Upgrade')
  asked.append('upgrade', 'websocket')
  if (!asked.has('sec-websocket-key')) asked.append('sec-websocket-key', randomBytes(16).toString('base64'))
  return asked
}
