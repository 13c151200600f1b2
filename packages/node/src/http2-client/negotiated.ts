import { NotHttp2 } from './pool.ts'
import { toGatewayError } from '@octopus-gateway/core'
import type { Flow } from '../flow.ts'
import type { GatewayError } from '@octopus-gateway/core'
import type { Sending, UpstreamAnswer } from '@octopus-gateway/core/lane'

/** An attempt over HTTP/2 that goes on over HTTP/1.1 when TLS agrees on that. Nothing has been sent by then, and no byte of the body read. */
export class Negotiated implements Sending<Flow> {
  readonly answer: Promise<UpstreamAnswer<Flow>>
  #sending: Sending<Flow>
  #aborted: GatewayError | null = null

  constructor(first: Sending<Flow>, otherwise: () => Sending<Flow>) {
    this.#sending = first
    this.answer = first.answer.catch((thrown: unknown) => {
      if (!(thrown instanceof NotHttp2) || this.#aborted !== null) throw this.#aborted ?? toGatewayError(thrown)
      this.#sending = otherwise()
      return this.#sending.answer
    })
  }

  abort(error: GatewayError): void {
    this.#aborted ??= error
    this.#sending.abort(error)
  }
}
