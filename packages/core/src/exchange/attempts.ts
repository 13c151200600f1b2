import { accept, giveUpIfEnded } from './accept.ts'
import { answered, drop, failed } from './attempt-steps.ts'
import { begin } from './begin.ts'
import { bytesToKeep, delayAfterAnswer, delayAfterFailure, isUnwanted, NEVER } from './retry.ts'
import { toGatewayError } from '../errors.ts'
import { isRaced, Race } from './race.ts'
import { lastError, SUPERSEDED } from './attempt.ts'
import { outgoingHead } from './forward.ts'
import type { Answer } from './answer.ts'
import type { Answered } from './attempt.ts'
import type { Context } from './request-context.ts'
import type { RequestHead } from './head.ts'
import type { UpstreamAnswer, Wire } from './wire.ts'

/** Sends the request to endpoints of its upstream until one answers. Rejects with a `GatewayError`. */
export async function forward<In, Out>(ctx: Context, wire: Wire<In, Out>, body: In): Promise<Answer<Out>> {
  const { upstream } = ctx
  if (ctx.route.mirror !== null) ctx.mirror = ctx.copies.chosen(ctx)
  const keep = bytesToKeep(ctx)
  upstream.retryBudget.requested(ctx.startedAt)
  // One place for the request, whatever the number of its attempts.
  const queued = upstream.limiter?.enter(ctx)
  if (queued) await queued
  /** What the last attempt sent. */
  let sent: RequestHead | null = null
  /** The last whole answer that a better one is hoped for. */
  let held: Answered<Out> | null = null
  try {
    for (;;) {
      giveUpIfEnded(ctx)
      ctx.checkCall()
      const endpoint = upstream.pick(ctx)
      if (endpoint === undefined) {
        if (held !== null) return accept(ctx, held.answer)
        throw lastError(ctx.attempts) ?? upstream.nothingLeft(ctx)
      }
      const head = outgoingHead(ctx, endpoint)
      const { onUpstreamRequest } = ctx.route.phases
      if (onUpstreamRequest !== null) {
        for (const hook of onUpstreamRequest) await hook(ctx, head, endpoint)
        // It may have ended while a hook was waiting: nothing is sent for a client that has left.
        giveUpIfEnded(ctx)
      }
      sent = head
      let attempt = begin(ctx, wire, { endpoint, head, body, keep })
      let answer: UpstreamAnswer<Out>
      let delay = NEVER
      try {
        if (isRaced(ctx)) ({ attempt, answer } = await new Race(ctx, wire, { body, keep }, attempt).winner)
        else answer = await attempt.answer
      } catch (thrown) {
        const error = ctx.ended ?? toGatewayError(thrown)
        failed(ctx, attempt, error)
        delay = delayAfterFailure(ctx, error, wire.replayable(body))
        if (delay === NEVER && held !== null && ctx.ended === null) return accept(ctx, held.answer)
        if (delay === NEVER) throw error
        await ctx.repeat(delay)
        continue
      }
      answered(ctx, attempt, answer.head)
      if (held !== null) drop(ctx, held.attempt, SUPERSEDED)
      held = null
      if (isUnwanted(ctx, answer.head)) delay = delayAfterAnswer(ctx, answer.head, wire.replayable(body))
      if (delay === NEVER) return accept(ctx, answer)
      // An answer that came before the end of the body might go on taking it.
      if (wire.isWhole(body)) held = { attempt, answer }
      else drop(ctx, attempt, SUPERSEDED)
      await ctx.repeat(delay)
    }
  } finally {
    if (ctx.mirror !== null && sent !== null) ctx.copies.send(ctx, ctx.mirror, { wire, head: sent, body })
    if (keep > 0 && body !== null) wire.settled(body)
  }
}
