import { GatewayError } from '@octopus-gateway/core'
import type { Flow, FlowSink } from '../flow.ts'
import type { Readable } from 'node:stream'

/** Where the body of an answer comes from. */
export interface AnswerSource {
  /** Whether all of it has come; asked at its end. */
  isWhole(): boolean
  /** Lets go of it, at its end or before. */
  release(): void
}

/** The body of an upstream's ordinary answer to an upgrade. */
export class AnswerFlow implements Flow {
  readonly #body: Readable
  readonly #source: AnswerSource
  #sink: FlowSink | null = null
  #error: GatewayError | null = null
  #isOver = false

  constructor(body: Readable, source: AnswerSource) {
    this.#body = body
    this.#source = source
    body.on('end', () => this.#over(source.isWhole() ? null : new GatewayError('UPSTREAM_RESET')))
    body.on('error', (error) => this.#over(new GatewayError('UPSTREAM_RESET', error.message, error)))
    body.on('close', () => this.#over(new GatewayError('UPSTREAM_RESET')))
  }

  attach(sink: FlowSink): void {
    this.#sink = sink
    if (this.#error !== null) {
      sink.fail(this.#error)
      return
    }
    this.#body.on('data', (piece: Buffer) => {
      if (!sink.chunk(piece)) this.#body.pause()
    })
  }

  /** A handshake that fails is rare: no haste. */
  takeWhole(): null {
    return null
  }

  resume(): void {
    this.#body.resume()
  }

  abort(error: GatewayError): void {
    this.#over(error)
  }

  #over(error: GatewayError | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#source.release()
    if (error === null) this.#sink?.end(null)
    else this.#sink?.fail(error)
  }
}
