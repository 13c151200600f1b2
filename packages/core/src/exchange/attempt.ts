import { GatewayError } from '../errors.ts'
import type { Attempt } from './context.ts'
import type { LiveEndpoint } from '../upstream/endpoint-state.ts'
import type { RequestHead } from './head.ts'
import type { Sending, UpstreamAnswer } from './wire.ts'

/** Why an attempt was given up whose answer nobody needs any more. It says nothing about the endpoint. */
export const SUPERSEDED = new GatewayError('SUPERSEDED', 'Another attempt has answered.', undefined, {
  status: 502,
  source: 'gateway',
  retry: 'never',
  title: 'Another attempt has answered',
})

/** What is sent, and where. */
export interface Outgoing<In> {
  readonly endpoint: LiveEndpoint
  readonly head: RequestHead
  readonly body: In
  /** Bytes of the body to keep for another attempt. */
  readonly keep: number
}

/** One attempt from its sending to the last byte of its answer. */
export class LiveAttempt<Out = unknown> implements Attempt {
  readonly endpoint: LiveEndpoint
  readonly startedAt = performance.now()
  ms = 0
  status: number | undefined = undefined
  grpcStatus: number | undefined = undefined
  error: GatewayError | undefined = undefined
  /** `null` once nothing of it is under way any more. */
  sending: Sending<Out> | null

  constructor(endpoint: LiveEndpoint, sending: Sending<Out>) {
    this.endpoint = endpoint
    this.sending = sending
  }

  get answer(): Promise<UpstreamAnswer<Out>> {
    return this.sending!.answer
  }
}

/** An attempt whose head has come. */
export interface Answered<Out> {
  readonly attempt: LiveAttempt<Out>
  readonly answer: UpstreamAnswer<Out>
}

/** The failure of the last attempt that failed. */
export function lastError(attempts: readonly LiveAttempt[]): GatewayError | undefined {
  return attempts.findLast((attempt) => attempt.error !== undefined)?.error
}

/** How an attempt fails when a kept connection ends just as a request is sent. */
const BROKEN = new Set<string | undefined>(['UPSTREAM_RESET', 'UPSTREAM_REFUSED'])

/** The last endpoint tried, when its connection broke and it may be offered once more. */
export function brokenEndpoint(attempts: readonly LiveAttempt[]): LiveEndpoint | undefined {
  const last = attempts.at(-1)
  if (last === undefined || !BROKEN.has(last.error?.code)) return undefined
  const times = attempts.filter((attempt) => attempt.endpoint.id === last.endpoint.id).length
  return times === 1 ? last.endpoint : undefined
}
