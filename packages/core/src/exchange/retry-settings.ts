import type { ConfigIssue } from '../errors.ts'

/** When a failed attempt is followed by another, for a gateway, an upstream or a route; the closest setting wins. */
export interface RetrySettings {
  /** Additional attempts, each at another endpoint, within `timeout`. Default 3. */
  readonly retries?: number
}

/** The same, complete. */
export interface RetryPolicy {
  readonly retries: number
}

/** The closest setting of each kind. */
export function retryPolicy(settings: readonly RetrySettings[]): RetryPolicy {
  return { retries: settings.find((one) => one.retries !== undefined)?.retries ?? 3 }
}

/** Everything wrong with settings; `path` prefixes every issue. */
export function retryIssues({ retries }: RetrySettings, path: string): ConfigIssue[] {
  if (retries === undefined || (Number.isInteger(retries) && retries >= 0 && retries <= 100)) return []
  return [{ code: 'invalid_value', path: `${path}.retries`, message: 'The number of retries is an integer from 0 to 100.' }]
}
