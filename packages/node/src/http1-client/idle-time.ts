import { IDLE_MARGIN_MS, IDLE_MAX_MS, IDLE_MS } from './limits.ts'
import type { ResponseStart } from './response-head.ts'

/** For how many milliseconds the connection behind this answer may be kept; 0 when it must end. */
export function idleTimeOf({ minor, framing }: ResponseStart, isLast: boolean): number {
  if (isLast || framing.isLast || (minor === 0 && !framing.isKept)) return 0
  if (framing.timeout === -1) return IDLE_MS
  return Math.min(IDLE_MAX_MS, Math.max(0, framing.timeout * 1_000 - IDLE_MARGIN_MS))
}
