import { brokenEndpoint } from './attempt.ts'
import { GRPC_STATUS, grpcStatusIn, grpcStatusOf, notGrpcReply } from './grpc.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { Context } from './request-context.ts'
import type { GatewayError } from '../errors.ts'
import type { ResponseHead } from './head.ts'

/** In place of milliseconds: there is no other attempt. */
export const NEVER = -1

/** A message of gRPC is sent again when its stream was refused, whatever the call does: enough of it for usual calls. */
const GRPC_BODY = 256 * 1024

/** Bytes of a body worth keeping, for another attempt or for a copy. */
export function bytesToKeep(ctx: Context): number {
  return ctx.mirror === null ? bytesToRepeat(ctx) : Math.max(bytesToRepeat(ctx), ctx.mirror.maxBody)
}

function bytesToRepeat({ route, protocol }: Context): number {
  const { retries, hedge, maxBody } = route.retry
  if ((retries === 0 && hedge === null) || maxBody === 0) return 0
  return protocol === 'grpc' ? Math.max(maxBody, GRPC_BODY) : maxBody
}

/**
 * Milliseconds until a failed attempt is followed by another, or `NEVER`. Never past the deadline or after the client left, never with a body
 * of which a byte is gone; where something may have reached the upstream, only for what may be repeated, within the budget.
 */
export function delayAfterFailure(ctx: Context, error: GatewayError, replayable: boolean): number {
  const { retry } = error.spec
  // Nothing was sent, so nothing is repeated: it costs the upstream no more than the request that never came.
  if (retry === 'always') return granted(ctx, ctx.retries === 0 ? 0 : backoff(ctx), { replayable, isCounted: false })
  if (retry !== 'idempotent' || !(ctx.isRepeatable || isListed(ctx, grpcStatusOf(error)))) return NEVER
  return granted(ctx, backoff(ctx), { replayable, isCounted: true })
}

/** Milliseconds until another endpoint is asked instead of taking this head for the answer, or `NEVER`. */
export function delayAfterAnswer(ctx: Context, head: ResponseHead, replayable: boolean): number {
  if (!isUnwanted(ctx, head)) return NEVER
  const asked = ctx.protocol === 'grpc' ? pushback(head) : parseRetryAfter(head.headers.get('retry-after'))
  if (asked === NEVER) return NEVER
  return granted(ctx, asked ?? backoff(ctx), { replayable, isCounted: true })
}

/** Whether another attempt is to be preferred to this head. */
export function isUnwanted(ctx: Context, head: ResponseHead): boolean {
  if (ctx.protocol === 'grpc') {
    // Fields that are no trailers only commit the call: messages may follow.
    const told = ctx.route.retry.grpcStatuses.length === 0 ? undefined : grpcStatusIn((notGrpcReply(head) ?? head).headers)
    return told !== undefined && isListed(ctx, told)
  }
  return head.status >= 400 && ctx.route.retry.statuses.includes(head.status) && ctx.isRepeatable
}

function isListed(ctx: Context, status: number): boolean {
  return ctx.protocol === 'grpc' && ctx.route.retry.grpcStatuses.includes(status)
}

interface Asked {
  readonly replayable: boolean
  readonly isCounted: boolean
}

function granted(ctx: Context, delay: number, { replayable, isCounted }: Asked): number {
  const now = performance.now()
  if (!canFollow(ctx, replayable) || now + delay >= ctx.until) return NEVER
  return !isCounted || ctx.upstream.retryBudget.take(ctx.route.retry.budget, now) ? delay : NEVER
}

function canFollow(ctx: Context, replayable: boolean): boolean {
  if (ctx.ended !== null || !replayable || ctx.retries >= ctx.route.retry.retries) return false
  return ctx.upstream.hasUntried(ctx) || brokenEndpoint(ctx.attempts) !== undefined
}

/** Whether an attempt that takes too long could be followed by another; otherwise it is better than none. */
export function mayRepeat(ctx: Context, replayable: boolean): boolean {
  if (!ctx.isRepeatable && !isListed(ctx, GRPC_STATUS.deadlineExceeded)) return false
  return canFollow(ctx, replayable) && ctx.upstream.retryBudget.has(ctx.route.retry.budget, performance.now())
}

/** Anything from nothing to the whole pause, so that those who failed together do not come back together. */
function backoff({ retries, route }: Context): number {
  const { backoff: first, maxBackoff } = route.retry
  return Math.random() * Math.min(maxBackoff, first * 2 ** retries)
}

/** What a server of gRPC asks for: milliseconds, `NEVER` for no further attempt, `undefined` when it does not say. */
function pushback({ headers }: ResponseHead): number | undefined {
  const text = headers.get('grpc-retry-pushback-ms')
  if (text === undefined) return undefined
  return /^\d{1,9}$/.test(text) ? Number(text) : NEVER
}
