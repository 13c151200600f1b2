import { toMilliseconds } from '../time.ts'
import type { ConfigIssue } from '../errors.ts'
import type { Duration } from '../time.ts'

/** When an attempt is followed by another, for a gateway, an upstream or a route; each closest setting wins. */
export interface RetrySettings {
  /** Additional attempts, each at another endpoint, within `timeout`. Default 3. */
  readonly retries?: number
  readonly retry?: RetryOptions
  /** A second attempt before the first one failed, for idempotent requests only; `false` for none. Default none. */
  readonly hedge?: HedgeOptions | false
}

/** How attempts are repeated. */
export interface RetryOptions {
  /**
   * The share of the requests of the last 10 s that may be repeated, from 0 to 1; an upstream with few requests may have 10 repeated a second.
   * Shared by all routes of an upstream. Attempts that could not connect do not count. Default 0.2; 0 repeats only those.
   */
  readonly budget?: number
  /** The pause before the n-th repetition is random, up to this times 2 to the power of n, as long as it is under `maxBackoff`. Default 25ms. */
  readonly backoff?: Duration
  /** Default 1s. */
  readonly maxBackoff?: Duration
  /** Statuses of an upstream that are not taken for the answer to an idempotent request while another endpoint is left. Default 502, 503, 504. */
  readonly statuses?: readonly number[]
  /** Statuses of gRPC after which a call is repeated when no message has come. Default none: whether calls are idempotent is not known. */
  readonly grpcStatuses?: readonly number[]
  /** Bytes of a request body that are kept until its answer begins, so that it can be sent again; a longer one cannot. Default 64 KiB. */
  readonly maxBody?: number
  /** Longest time for the head of one attempt, within `timeout`. Default none. */
  readonly perTryTimeout?: Duration
}

/** A second attempt beside a slow one. */
export interface HedgeOptions {
  /** How long an attempt may take before another is made beside it; up to 25 ms late. */
  readonly delay: Duration
  /** Attempts beside the first one. Default 1. */
  readonly max?: number
}

/** Settings, complete; times in milliseconds. */
export interface RetryPolicy {
  readonly retries: number
  readonly budget: number
  readonly backoff: number
  readonly maxBackoff: number
  readonly statuses: readonly number[]
  readonly grpcStatuses: readonly number[]
  readonly maxBody: number
  /** `Infinity` for none. */
  readonly perTryTimeout: number
  readonly hedge: HedgePolicy | null
}

/** A hedge, complete. */
export interface HedgePolicy {
  readonly delay: number
  readonly max: number
}

const STATUSES: readonly number[] = [502, 503, 504]
const MAX_BODY = 64 * 1024

/** The closest setting of each kind. */
export function retryPolicy(settings: readonly RetrySettings[]): RetryPolicy {
  const of = <K extends keyof RetryOptions>(key: K): RetryOptions[K] | undefined =>
    settings.find((one) => one.retry?.[key] !== undefined)?.retry?.[key]
  const hedge = settings.find((one) => one.hedge !== undefined)?.hedge
  return {
    retries: settings.find((one) => one.retries !== undefined)?.retries ?? 3,
    budget: of('budget') ?? 0.2,
    backoff: toMilliseconds(of('backoff') ?? 25),
    maxBackoff: toMilliseconds(of('maxBackoff') ?? 1_000),
    statuses: of('statuses') ?? STATUSES,
    grpcStatuses: of('grpcStatuses') ?? [],
    maxBody: of('maxBody') ?? MAX_BODY,
    perTryTimeout: toMilliseconds(of('perTryTimeout') ?? Infinity),
    hedge: hedge === undefined || hedge === false ? null : { delay: toMilliseconds(hedge.delay), max: hedge.max ?? 1 },
  }
}

/** Everything wrong with settings; `path` prefixes every issue. */
export function retryIssues({ retries, retry = {}, hedge }: RetrySettings, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const demand = (isRight: boolean, key: string, message: string): void => {
    if (!isRight) issues.push({ code: 'invalid_value', path: `${path}.${key}`, message })
  }
  demand(isWhole(retries, 0, 100), 'retries', 'The number of retries is an integer from 0 to 100.')
  const { budget = 0, statuses = [], grpcStatuses = [], maxBody } = retry
  demand(budget >= 0 && budget <= 1, 'retry.budget', 'A budget is a share of the requests, from 0 to 1.')
  demand(
    statuses.every((one) => isWhole(one, 400, 599)),
    'retry.statuses',
    'Statuses that are repeated are from 400 to 599.',
  )
  demand(
    grpcStatuses.every((one) => isWhole(one, 1, 16)),
    'retry.grpcStatuses',
    'Statuses of gRPC that are repeated are from 1 to 16.',
  )
  demand(isWhole(maxBody, 0, Number.MAX_SAFE_INTEGER), 'retry.maxBody', 'A number of bytes is an integer from 0 up.')
  for (const key of ['backoff', 'maxBackoff', 'perTryTimeout'] as const) {
    const problem = durationProblem(retry[key], key === 'perTryTimeout')
    demand(problem === null, `retry.${key}`, problem ?? '')
  }
  if (hedge === undefined || hedge === false) return issues
  const problem = durationProblem(hedge.delay, true)
  demand(problem === null, 'hedge.delay', problem ?? '')
  demand(isWhole(hedge.max, 1, 10), 'hedge.max', 'The number of attempts beside the first one is an integer from 1 to 10.')
  return issues
}

function isWhole(value: number | undefined, from: number, to: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= from && value <= to)
}

function durationProblem(value: Duration | undefined, isPositive: boolean): string | null {
  if (value === undefined) return null
  try {
    return toMilliseconds(value) === 0 && isPositive ? 'A time of 0 would pass at once: leave the key out.' : null
  } catch (thrown) {
    return (thrown as Error).message
  }
}
