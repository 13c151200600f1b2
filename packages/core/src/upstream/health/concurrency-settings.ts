import { closest, countIssues, durationIssues, invalid } from './settings-issues.ts'
import { toMilliseconds } from '../../time.ts'
import type { ConfigIssue } from '../../errors.ts'
import type { Duration } from '../../time.ts'

/** How many requests an upstream gets at a time. A request counts from its way out until its answer is over, tunnels and streams included. */
export interface ConcurrencySettings {
  /** Requests at a time, over all endpoints. */
  readonly max?: number
  /** Requests that wait for their turn; more are refused. Default: as many as `max`. */
  readonly queue?: number
  /** How long one waits before it is refused. Default 1s. */
  readonly queueTimeout?: Duration
}

/** The same, complete, in milliseconds. */
export interface ConcurrencyPolicy {
  readonly max: number
  readonly queue: number
  readonly queueTimeout: number
}

/** The closest value of each key; `null` when nobody sets a limit. */
export function concurrencyPolicy(settings: readonly (ConcurrencySettings | undefined)[]): ConcurrencyPolicy | null {
  const max = closest(settings, 'max', Infinity)
  if (max === Infinity) return null
  return { max, queue: closest(settings, 'queue', max), queueTimeout: toMilliseconds(closest(settings, 'queueTimeout', '1s')) }
}

/** Everything wrong with it. */
export function concurrencyIssues(settings: ConcurrencySettings | undefined, path: string): ConfigIssue[] {
  if (settings === undefined) return []
  return [
    ...(Object.keys(settings).length === 0 ? [invalid(path, 'It says nothing: set max, or leave it out.')] : []),
    ...countIssues(settings.max, `${path}.max`, { least: 1 }),
    ...countIssues(settings.queue, `${path}.queue`, { least: 0, most: 1_000_000 }),
    ...durationIssues(settings.queueTimeout, `${path}.queueTimeout`),
  ]
}
