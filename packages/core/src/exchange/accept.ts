import { GatewayError, toGatewayError } from '../errors.ts'
import { grpcStatusIn, notGrpcReply } from './grpc.ts'
import { isEventStream } from './event-stream.ts'
import { local } from './answer.ts'
import { responseHead } from './forward.ts'
import type { Answer } from './answer.ts'
import type { Context } from './request-context.ts'
import type { ResponseHead } from './head.ts'
import type { UpstreamAnswer } from './wire.ts'

/** Throws when the request has ended. */
export function giveUpIfEnded(ctx: Context): void {
  if (ctx.ended !== null) throw ctx.ended
}

/** Takes what an endpoint said for the answer of the request, through `onUpstreamResponse`. At once where no hook waits for anything. */
export function accept<Out>(ctx: Context, { head, body }: UpstreamAnswer<Out>): Answer<Out> | Promise<Answer<Out>> {
  try {
    const received = responseHead(head, ctx.protocol)
    ctx.upstream.stick(ctx, received)
    return ctx.route.phases.onUpstreamResponse === null ? accepted(ctx, received, body) : afterHooks(ctx, received, body)
  } catch (thrown) {
    ctx.discard(toGatewayError(thrown))
    throw thrown
  }
}

async function afterHooks<Out>(ctx: Context, head: ResponseHead, body: Out): Promise<Answer<Out>> {
  try {
    for (const hook of ctx.route.phases.onUpstreamResponse!) await hook(ctx, head)
    return accepted(ctx, head, body)
  } catch (thrown) {
    ctx.discard(toGatewayError(thrown))
    throw thrown
  }
}

function accepted<Out>(ctx: Context, head: ResponseHead, body: Out): Answer<Out> {
  giveUpIfEnded(ctx)
  if (ctx.protocol === 'grpc') {
    const reply = notGrpcReply(head)
    if (reply !== null) {
      ctx.log.debug('upstream did not answer in gRPC', { status: head.status, request_id: ctx.id, upstream: ctx.upstream.name })
      ctx.discard(new GatewayError('UPSTREAM_PROTOCOL', 'The answer is not gRPC.'))
      return local(ctx, reply)
    }
    ctx.grpcStatus = grpcStatusIn(head.headers)
  }
  ctx.flowing(maySleep(ctx, head))
  return { head, local: null, flow: body, coding: null }
}

/** Whether silence is normal in what follows this head: a tunnel, a gRPC call, a stream of events. */
function maySleep(ctx: Context, head: ResponseHead): boolean {
  return ctx.protocol === 'grpc' || head.status === 101 || isEventStream(head)
}
