import type { Outcome, RequestContext } from '../exchange/context.ts'
import type { Coding, Reply, RequestHead, ResponseHead } from '../exchange/head.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { GatewayError } from '../errors.ts'
import type { MaybePromise } from '../upstream/definition.ts'

/** The life of a request, in order. Each line: when · what it may change · what a return means. */
export interface Phases {
  /** A CORS preflight for this route, instead of `onRequest` · nothing · a `Reply` answers; without one the request goes on as any OPTIONS. */
  onPreflight?(ctx: RequestContext): Reply | void
  /** Head received, route known, nothing sent · slots · a `Reply` answers here and skips the upstream. */
  onRequest?(ctx: RequestContext): MaybePromise<Reply | void>
  /** Before each attempt, endpoint chosen · the outgoing head · nothing. */
  onUpstreamRequest?(ctx: RequestContext, head: RequestHead, endpoint: Endpoint): MaybePromise<void>
  /** Final head of an attempt · that head · nothing. In reverse order of the list. */
  onUpstreamResponse?(ctx: RequestContext, head: ResponseHead): MaybePromise<void>
  /** Head about to reach the client, local replies included · that head · nothing. In reverse order of the list. */
  onResponse?(ctx: RequestContext, head: ResponseHead): MaybePromise<void>
  /** Head final, body still to come · that head · the coding to apply to the body, by a name of `ctx.codings`. In reverse order of the list; the first wins. */
  transform?(ctx: RequestContext, head: ResponseHead): Coding | void
  /** No answer could be made · slots · a `Reply` replaces the problem document. */
  onError?(ctx: RequestContext, error: GatewayError): MaybePromise<Reply | void>
  /** Exactly once, after the last byte or the abort · nothing · nothing. Must not throw. */
  onFinish?(ctx: RequestContext, outcome: Outcome): void
}

/** A route's phases, flattened once; a phase nobody implements is `null`. */
export type CompiledPhases = { readonly [P in keyof Phases]-?: readonly NonNullable<Phases[P]>[] | null }
