import { grpcStatusIn } from './grpc.ts'
import type { GatewayError } from '../errors.ts'
import type { LiveAttempt } from './attempt.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { ResponseHead } from './head.ts'
import type { UpstreamContext } from '../upstream/upstream-context.ts'

/** A request, as far as its attempts concern it. */
export interface Attempting extends UpstreamContext {
  readonly upstream: LiveUpstream
}

/** The head of an attempt came. */
export function answered(ctx: Attempting, attempt: LiveAttempt, { status, headers }: ResponseHead): void {
  if (attempt.sending === null || attempt.status !== undefined) return
  attempt.ms = performance.now() - attempt.startedAt
  attempt.status = status
  if (ctx.protocol === 'grpc') attempt.grpcStatus = grpcStatusIn(headers)
  ctx.upstream.attempted(attempt.endpoint, attempt, ctx)
}

/** An attempt failed before its head came. */
export function failed(ctx: Attempting, attempt: LiveAttempt, error: GatewayError): void {
  if (attempt.sending === null) return
  attempt.ms = performance.now() - attempt.startedAt
  attempt.error = error
  ctx.upstream.attempted(attempt.endpoint, attempt, ctx)
  leave(ctx, attempt, error)
}

/** Gives up an attempt, or the body of its answer, while the request goes on. */
export function drop(ctx: Attempting, attempt: LiveAttempt, error: GatewayError): void {
  const { sending } = attempt
  if (sending === null) return
  if (attempt.status === undefined) failed(ctx, attempt, error)
  else leave(ctx, attempt, error)
  sending.abort(error)
}

/** Nothing of an attempt is under way any more; `error` when it failed, or its answer broke off. */
export function leave(ctx: Attempting, attempt: LiveAttempt, error: GatewayError | undefined): void {
  if (attempt.sending === null) return
  attempt.sending = null
  ctx.upstream.left(attempt.endpoint, error, ctx)
}
