import { GRPC_STATUS } from '../../exchange/grpc.ts'
import type { Attempt } from '../../exchange/context.ts'
import type { GatewayError } from '../../errors.ts'
import type { UpstreamContext } from '../upstream-context.ts'

/**
 * What an attempt, or the end of one, says of its endpoint. `unwell`: it works, and this request went wrong there, which may be a fault of
 * one handler; it counts in comparison with other endpoints only.
 */
export type Sign = 'good' | 'unwell' | 'failed' | 'unreachable' | 'none'

/** Statuses by which a service says that it, not one of its handlers, does not work. */
const FAILING = new Set([502, 503, 504])
/** The same of gRPC. */
const FAILING_CALLS = new Set<number>([GRPC_STATUS.unavailable])
const DATA_LOSS = 15
const UNWELL_CALLS = new Set<number>([GRPC_STATUS.unknown, GRPC_STATUS.internal, DATA_LOSS])

/** Of the head of an answer, or a failure before there was one. */
export function signOf({ status, grpcStatus, error }: Attempt, ctx: UpstreamContext): Sign {
  if (error !== undefined) return signOfError(error, ctx)
  if (grpcStatus !== undefined) return signOfCall(grpcStatus)
  if (status === undefined || status < 500) return 'good'
  return FAILING.has(status) ? 'failed' : 'unwell'
}

function signOfError(error: GatewayError, ctx: UpstreamContext): Sign {
  if (error.spec.source !== 'upstream') return 'none'
  switch (error.code) {
    case 'UPSTREAM_CONNECT':
      return 'unreachable'
    case 'UPSTREAM_TIMEOUT':
      // A client that gives its calls too little time must not take an endpoint from the others.
      return ctx.callRemaining <= 0 ? 'none' : 'failed'
    case 'UPSTREAM_PROTOCOL':
      // Anybody can call in gRPC, or ask for WebSocket, what speaks neither.
      return ctx.protocol === 'http' ? 'failed' : 'none'
    default:
      return 'failed'
  }
}

/** Of the end of an answer whose head was good. Streams that last are cut when a service is updated: that says nothing. */
export function signOfEnd(error: GatewayError | undefined, ctx: UpstreamContext): Sign {
  if (error !== undefined) return isCut(error) && !ctx.isStream ? 'failed' : 'none'
  return ctx.protocol === 'grpc' && ctx.isStream && ctx.grpcStatus !== undefined ? signOfCall(ctx.grpcStatus) : 'good'
}

function signOfCall(status: number): Sign {
  if (FAILING_CALLS.has(status)) return 'failed'
  return UNWELL_CALLS.has(status) ? 'unwell' : 'good'
}

/** Silence may be the client's, who does not read. */
function isCut({ code, spec }: GatewayError): boolean {
  return spec.source === 'upstream' && code !== 'IDLE_TIMEOUT'
}
