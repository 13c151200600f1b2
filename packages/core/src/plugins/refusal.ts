import { GatewayError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Reply } from '../exchange/head.ts'

/** A failure whose answer carries fields of its own, such as `WWW-Authenticate`. */
export class Refusal extends GatewayError {
  readonly #fields: readonly (readonly [string, string])[]

  constructor(code: ErrorCode, fields: readonly (readonly [string, string])[], message?: string, cause?: unknown) {
    super(code, message, cause)
    this.#fields = fields
  }

  override toReply(requestId?: string): Reply {
    const reply = super.toReply(requestId)
    for (const [name, value] of this.#fields) reply.headers.append(name, value)
    return reply
  }
}
