import type { RetryTimes } from '../manifest/webhook.ts'

/** Milliseconds before an attempt, counted from 0, without jitter: the first is made at once. */
export function delayBefore(attempt: number, { initialDelay, maxDelay, multiplier }: RetryTimes): number {
  return attempt === 0 ? 0 : Math.min(initialDelay * multiplier ** attempt, maxDelay)
}

/** The same, up to a fifth more or less: receivers that fell together must not be asked together. */
export function jittered(delay: number, random: () => number = Math.random): number {
  return Math.round(delay * (0.8 + random() * 0.4))
}

/** Whether another attempt may fare better: what a receiver says about the message itself stays true. */
export function isWorthRetrying(status: number | undefined): boolean {
  if (status === undefined) return true
  return status >= 500 || status === 408 || status === 425 || status === 429
}
