import * as v from 'valibot'
import { toMilliseconds } from '@octopus-gateway/core'
import type { Duration } from '@octopus-gateway/core'

/** A length of time among options. */
export const duration = v.pipe(
  v.union([v.number(), v.string()]),
  v.check((value) => isDuration(value), 'write a duration such as 250ms, 5s, 5m or 1h'),
  v.transform((value) => value as Duration),
)

function isDuration(value: unknown): boolean {
  try {
    return toMilliseconds(value as Duration) >= 0
  } catch {
    // The only failure is "not a duration", which is the answer.
    return false
  }
}
