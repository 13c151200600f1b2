import { GatewayError } from '@octopus-gateway/core'
import type { Flow, FlowSink } from '../flow.ts'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** The body of an upstream's ordinary answer to an upgrade. Its connection ends with it. */
export class MessageFlow implements Flow {
  readonly #message: IncomingMessage
  readonly #socket: Socket
  #sink: FlowSink | null = null
  #error: GatewayError | null = null
  #isOver = false

  constructor(message: IncomingMessage, socket: Socket) {
    this.#message = message
    this.#socket = socket
    message.on('end', () => this.#over(null))
    message.on('error', (error) => this.#over(new GatewayError('UPSTREAM_RESET', error.message, error)))
    message.on('close', () => this.#over(new GatewayError('UPSTREAM_RESET')))
  }

  attach(sink: FlowSink): void {
    this.#sink = sink
    if (this.#error !== null) {
      sink.fail(this.#error)
      return
    }
    this.#message.on('data', (piece: Buffer) => {
      if (!sink.chunk(piece)) this.#message.pause()
    })
  }

  /** A handshake that fails is rare: no haste. */
  takeWhole(): null {
    return null
  }

  resume(): void {
    this.#message.resume()
  }

  abort(error: GatewayError): void {
    this.#over(error)
  }

  #over(error: GatewayError | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#socket.destroy()
    if (error === null) this.#sink?.end(null)
    else this.#sink?.fail(error)
  }
}
