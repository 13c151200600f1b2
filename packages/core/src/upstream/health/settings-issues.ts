import { toMilliseconds } from '../../time.ts'
import type { ConfigIssue } from '../../errors.ts'
import type { Duration } from '../../time.ts'

/** Longer timers fire at once: JavaScript keeps a delay in 31 bits. */
const LONGEST_MS = 2_147_483_647

/** What is wrong with a length of time that must be more than nothing. */
export function durationIssues(value: Duration | undefined, path: string): ConfigIssue[] {
  if (value === undefined) return []
  try {
    const ms = toMilliseconds(value)
    return ms > 0 && ms <= LONGEST_MS ? [] : [invalid(path, `It is more than 0 and at most 596h, not ${String(value)}.`)]
  } catch (thrown) {
    return [invalid(path, (thrown as Error).message)]
  }
}

/** What is wrong with a whole number in a range, both ends included. `Infinity`, where `most` is, counts as whole. */
export function countIssues(
  value: number | undefined,
  path: string,
  { least, most = Infinity }: { readonly least: number; readonly most?: number },
): ConfigIssue[] {
  if (value === undefined) return []
  if ((Number.isInteger(value) || value === Infinity) && value >= least && value <= most) return []
  return [invalid(path, `It is a whole number from ${least}${most === Infinity ? ' up' : ` to ${most}`}, not ${String(value)}.`)]
}

export function invalid(path: string, message: string): ConfigIssue {
  return { code: 'invalid_value', path, message }
}

/** The first value that is there, or a default. */
export function closest<T extends object, K extends keyof T>(
  settings: readonly (T | undefined)[],
  key: K,
  otherwise: NonNullable<T[K]>,
): NonNullable<T[K]> {
  for (const one of settings) {
    const value = one?.[key]
    if (value !== undefined && value !== null) return value
  }
  return otherwise
}
