import { GatewayError, toGatewayError } from '../errors.ts'
import { grpcReply, grpcStatusIn, notGrpcReply } from './grpc.ts'
import { isEventStream } from './event-stream.ts'
import { outgoingHead, responseHead } from './forward.ts'
import { mayRetry } from './retry.ts'
import type { CompiledPhases } from '../plugin/phases.ts'
import type { Context } from './request-context.ts'
import type { Coding, Reply, ResponseHead } from './head.ts'
import type { UpstreamAnswer, Wire } from './wire.ts'

/** What the client gets: a reply made here, or the flowing body of an upstream. The lane calls `ctx.finish` after the last byte. */
export interface Answer<Out> {
  readonly head: ResponseHead
  /** A body made here. Only looked at when `flow` is `null`. */
  readonly local: Reply['body']
  readonly flow: Out | null
  /** The coding to apply to the body; the head says so already. */
  readonly coding: Coding | null
}

/** One request through all its phases, on any lane. Never rejects: failures become replies. */
export async function exchange<In, Out>(ctx: Context, wire: Wire<In, Out>, body: In): Promise<Answer<Out>> {
  let answer: Answer<Out>
  try {
    const { onRequest } = ctx.route.phases
    const reply = (ctx.isPreflight ? preflightReply(ctx) : undefined) ?? (onRequest === null ? undefined : await firstReply(onRequest, ctx))
    answer = reply === undefined ? await forward(ctx, wire, body) : local(ctx, reply)
  } catch (thrown) {
    answer = local(ctx, await failed(ctx, thrown))
  }
  const { onResponse, transform } = ctx.route.phases
  if (onResponse !== null && !ctx.isFinished) answer = await respond(ctx, answer)
  return transform === null ? answer : transformed(ctx, answer)
}

/** Sends the request to endpoints of its upstream until one answers. Rejects with a `GatewayError`. */
export async function forward<In, Out>(ctx: Context, wire: Wire<In, Out>, body: In): Promise<Answer<Out>> {
  const { upstream } = ctx
  const queued = upstream.limiter?.enter(ctx)
  if (queued) await queued
  for (;;) {
    giveUpIfEnded(ctx)
    ctx.checkCall()
    const endpoint = upstream.pick(ctx)
    if (endpoint === undefined) throw ctx.attempts.at(-1)?.error ?? upstream.nothingLeft(ctx)
    const head = outgoingHead(ctx, endpoint)
    const { onUpstreamRequest } = ctx.route.phases
    if (onUpstreamRequest !== null) {
      for (const hook of onUpstreamRequest) await hook(ctx, head, endpoint)
      // It may have ended while a hook was waiting: nothing is sent for a client that has left.
      giveUpIfEnded(ctx)
    }
    const startedAt = performance.now()
    const sending = wire.send({
      endpoint,
      transport: upstream.transport,
      protocol: ctx.protocol,
      head,
      body,
      connectTimeout: ctx.route.connectTimeout,
      informed: ctx.informed,
    })
    ctx.sending(sending, endpoint)
    let answered: UpstreamAnswer<Out>
    try {
      answered = await sending.answer
    } catch (thrown) {
      const error = ctx.ended ?? toGatewayError(thrown)
      ctx.attempted({ endpoint, ms: performance.now() - startedAt, error })
      if (mayRetry(ctx, error, wire.replayable(body))) continue
      throw error
    }
    const told = ctx.protocol === 'grpc' ? grpcStatusIn(answered.head.headers) : undefined
    ctx.attempted({ endpoint, ms: performance.now() - startedAt, status: answered.head.status, grpcStatus: told })
    try {
      const received = responseHead(answered.head, ctx.protocol)
      const { onUpstreamResponse } = ctx.route.phases
      if (onUpstreamResponse !== null) for (const hook of onUpstreamResponse) await hook(ctx, received)
      return accept(ctx, received, answered.body)
    } catch (thrown) {
      ctx.discard(toGatewayError(thrown))
      throw thrown
    }
  }
}

function giveUpIfEnded(ctx: Context): void {
  if (ctx.ended !== null) throw ctx.ended
}

function accept<Out>(ctx: Context, head: ResponseHead, body: Out): Answer<Out> {
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

/** The answer to a preflight, by the first plugin of its route that gives one. */
export function preflightReply(ctx: Context): Reply | undefined {
  for (const hook of ctx.route.phases.onPreflight ?? []) {
    const reply = hook(ctx)
    if (reply !== undefined) return reply
  }
  return undefined
}

/** Runs `onRequest` hooks until one answers. */
export async function firstReply(hooks: NonNullable<CompiledPhases['onRequest']>, ctx: Context): Promise<Reply | undefined> {
  for (const hook of hooks) {
    const result = hook(ctx)
    const reply = isPromise(result) ? await result : result
    if (reply !== undefined) return reply
  }
  return undefined
}

/** The reply for a failure: a plugin's, or the problem document. The cause goes to the log only. */
export async function failed(ctx: Context, thrown: unknown): Promise<Reply> {
  const error = toGatewayError(thrown)
  if (ctx.ended === null || ctx.ended.code !== 'CLIENT_CLOSED') logFailure(ctx, error)
  try {
    const { onError } = ctx.route.phases
    // Nothing comes after `onFinish`: a client that has left gets no answer.
    if (onError !== null && !ctx.isFinished) {
      for (const hook of onError) {
        const reply = await hook(ctx, error)
        if (reply !== undefined) return reply
      }
    }
  } catch (thrownByHook) {
    logFailure(ctx, toGatewayError(thrownByHook))
  }
  ctx.failure = error
  return problemReply(ctx, error)
}

/** The problem document of an error, with the request id also as a field, for callers who report it. */
export function problemReply(ctx: Context, error: GatewayError): Reply {
  const reply = error.toReply(ctx.id)
  reply.headers.append('x-request-id', ctx.id)
  return reply
}

async function respond<Out>(ctx: Context, answer: Answer<Out>): Promise<Answer<Out>> {
  try {
    for (const hook of ctx.route.phases.onResponse!) {
      const result = hook(ctx, answer.head)
      if (isPromise(result)) await result
    }
    return answer
  } catch (thrown) {
    return spoiled(ctx, answer, thrown)
  }
}

/** The head is half-made: nothing of it may reach the client. The upstream's body is spoiled up with it. */
function spoiled<Out>(ctx: Context, answer: Answer<Out>, thrown: unknown): Answer<Out> {
  const error = toGatewayError(thrown)
  logFailure(ctx, error)
  if (answer.flow !== null) ctx.discard(error)
  ctx.failure = error
  return local(ctx, problemReply(ctx, error))
}

function logFailure(ctx: Context, error: GatewayError): void {
  // Whoever is told to come again is turned away for a reason that was logged when it began.
  const level =
    error.retryAfter !== null ? 'debug' : error.spec.source === 'gateway' ? 'error' : error.spec.source === 'upstream' ? 'warn' : 'debug'
  ctx.log[level]('request failed', {
    code: error.code,
    reason: error.message,
    ...(error.cause === undefined ? {} : { cause: String(error.cause) }),
    request_id: ctx.id,
    trace_id: ctx.traceId,
    route: ctx.route.path,
    upstream: ctx.upstream.name,
    endpoint: ctx.attempts.at(-1)?.endpoint.origin,
    attempts: ctx.attempts.length,
  })
}

function transformed<Out>(ctx: Context, answer: Answer<Out>): Answer<Out> {
  if (answer.flow === null && answer.local === null && ctx.request.method !== 'HEAD') return answer
  try {
    const coding = codingOf(ctx, answer.head)
    return coding === null ? answer : { ...answer, coding }
  } catch (thrown) {
    return spoiled(ctx, answer, thrown)
  }
}

/** The coding of a body, by the first plugin that names one. It changes the head itself. */
export function codingOf(ctx: Context, head: ResponseHead): Coding | null {
  const { transform } = ctx.route.phases
  if (transform === null || ctx.codings.length === 0) return null
  // A coder that cannot be flushed would hold back the pieces of a stream: only what has an end in sight is coded.
  if (!ctx.codesStreams && !head.headers.has('content-length')) return null
  for (const hook of transform) {
    const coding = hook(ctx, head)
    if (coding !== undefined) return ctx.request.method === 'HEAD' ? null : coding
  }
  return null
}

/** A reply made here as an answer, in the way the client's protocol tells failures. */
export function local<Out>(ctx: Context, reply: Reply): Answer<Out> {
  const head = ctx.protocol === 'grpc' ? grpcReply(reply, ctx.failure) : reply
  if (ctx.protocol === 'grpc') ctx.grpcStatus = grpcStatusIn(head.headers)
  return { head, local: head.body, flow: null, coding: null }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
