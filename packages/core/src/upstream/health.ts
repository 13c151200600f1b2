import type { ConfigIssue } from '../errors.ts'

/** How the gateway learns which endpoints work; an upstream's own setting wins over the gateway's. */
export interface HealthSettings {}

/** The same, complete. */
export interface HealthPolicy {}

/** The closest setting of each kind. */
export function healthPolicy(_settings: readonly HealthSettings[]): HealthPolicy {
  return {}
}

/** Everything wrong with settings; `path` prefixes every issue. */
export function healthIssues(_settings: HealthSettings, _path: string): ConfigIssue[] {
  return []
}
