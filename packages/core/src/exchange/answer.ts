import { grpcReply, grpcStatusIn } from './grpc.ts'
import type { Coding, Reply, ResponseHead } from './head.ts'
import type { Context } from './request-context.ts'

/** What the client gets: a reply made here, or the flowing body of an upstream. The lane calls `ctx.finish` after the last byte. */
export interface Answer<Out> {
  readonly head: ResponseHead
  /** A body made here. Only looked at when `flow` is `null`. */
  readonly local: Reply['body']
  readonly flow: Out | null
  /** The coding to apply to the body; the head says so already. */
  readonly coding: Coding | null
}

/** A reply made here as an answer, in the way the client's protocol tells failures. */
export function local<Out>(ctx: Context, reply: Reply): Answer<Out> {
  const head = ctx.protocol === 'grpc' ? grpcReply(reply, ctx.failure) : reply
  if (ctx.protocol === 'grpc') ctx.grpcStatus = grpcStatusIn(head.headers)
  return { head, local: head.body, flow: null, coding: null }
}
