import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { answerProblem } from './handshake.ts'
import { AnswerFlow } from './answer-flow.ts'
import { dial } from '../connect/dial.ts'
import { GatewayError, HeaderList, toGatewayError } from '@octopus-gateway/core'
import { giveUp } from './upgrade-body.ts'
import type { Call, Sending, UpstreamAnswer } from '@octopus-gateway/core/lane'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Tickets } from '../connect/tickets.ts'
import type { UpgradeBody } from './upgrade-body.ts'

/** One handshake with an endpoint over HTTP/1.1 (RFC 6455, section 4). */
export class MessageHandshake implements Sending<UpgradeBody> {
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
    this.#reject(error)
    if (this.#body === null) this.#socket.destroy()
    else giveUp(this.#body, error)
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
    request.on('upgrade', (response, _socket, early) => this.#upgraded(response, early))
    request.on('response', (response) => this.#answered(response))
    request.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode === 103) this.#call.informed?.inform({ status: statusCode, headers: new HeaderList(rawHeaders) })
    })
    request.on('error', (thrown: Error & { code?: string }) => {
      const code = thrown.code?.startsWith('HPE_') === true ? 'UPSTREAM_PROTOCOL' : 'UPSTREAM_RESET'
      this.#fail(new GatewayError(code, thrown.message, thrown))
    })
    request.end()
  }

  #upgraded(response: IncomingMessage, early: Buffer): void {
    const headers = new HeaderList(response.rawHeaders)
    const problem = response.statusCode === 101 ? answerProblem(this.#asked, headers) : `A ${response.statusCode} that switches protocols.`
    if (problem !== null) {
      this.#fail(new GatewayError('UPSTREAM_PROTOCOL', problem))
      return
    }
    // Ours is written for the client's own key; a 101 has no body (RFC 9110, section 15.2).
    headers.delete('sec-websocket-accept')
    headers.delete('content-length')
    const socket = this.#socket
    this.#settle(101, headers, { end: { duplex: socket, early, cut: () => socket.destroy(), abort: null }, flow: null })
  }

  #answered(response: IncomingMessage): void {
    if (response.statusCode === 101) {
      this.#fail(new GatewayError('UPSTREAM_PROTOCOL', 'The 101 of the upstream does not say to what it switches.'))
      return
    }
    const flow = new AnswerFlow(response, { isWhole: () => response.complete, release: () => this.#socket.destroy() })
    this.#settle(response.statusCode!, new HeaderList(response.rawHeaders), { end: null, flow })
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
