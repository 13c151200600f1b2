import { LiveAttempt } from './attempt.ts'
import type { Context } from './request-context.ts'
import type { Outgoing } from './attempt.ts'
import type { Wire } from './wire.ts'

/** Sends one attempt. */
export function begin<In, Out>(ctx: Context, wire: Wire<In, Out>, { endpoint, head, body, keep }: Outgoing<In>): LiveAttempt<Out> {
  const sending = wire.send({
    endpoint,
    transport: ctx.upstream.transport,
    protocol: ctx.protocol,
    head,
    body,
    keep,
    isIdempotent: ctx.isRepeatable,
    isCopied: ctx.mirror !== null,
    connectTimeout: ctx.route.connectTimeout,
    informed: ctx.informed,
  })
  const attempt = new LiveAttempt<Out>(endpoint, sending)
  ctx.began(attempt)
  return attempt
}
