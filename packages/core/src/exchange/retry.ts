import type { Context } from './request-context.ts'
import type { GatewayError } from '../errors.ts'

/** Methods whose repetition has no further effect (RFC 9110, section 9.2.2; QUERY is safe). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/**
 * Whether a failed attempt may be followed by another. Never past the deadline or after the client left, never with a body of which a byte has
 * been taken; where something may have reached the upstream, only for idempotent methods and no upgrade.
 */
export function mayRetry(ctx: Context, error: GatewayError, replayable: boolean): boolean {
  if (ctx.ended !== null || !replayable || ctx.attempts.length > ctx.route.retry.retries || performance.now() >= ctx.deadline) return false
  const { retry } = error.spec
  // A handshake has its own connection: where it broke, the upstream has seen it, and a tunnel is more than the GET that asks for it.
  return retry === 'always' || (retry === 'idempotent' && ctx.protocol !== 'websocket' && IDEMPOTENT.has(ctx.request.method))
}
