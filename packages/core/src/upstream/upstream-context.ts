import type { LiveAttempt } from '../exchange/attempt.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { RequestContext } from '../exchange/context.ts'

/** A request, as far as its upstream needs to know it beyond what plugins see. */
export interface UpstreamContext extends RequestContext {
  readonly attempts: readonly LiveAttempt[]
  /** Picked and not sent to yet, where others wait for the outcome. */
  pending: LiveEndpoint | null
  /** Milliseconds until a gRPC call must be over; `Infinity` when its client set no time. */
  readonly callRemaining: number
  /** Whether the answer under way may be silent for long: a tunnel, a gRPC call, a stream of events. */
  readonly isStream: boolean
  /** The status that gRPC's answer ended with, as far as it has. */
  readonly grpcStatus: number | undefined
}
