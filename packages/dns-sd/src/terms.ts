/** What is said to be over is over after this: another host may still have it (RFC 6762, 10.1). What is as young stays beside what is new (10.2). Milliseconds. */
export const GRACE = 1_000

/** When something was heard, and for how long it is so. Milliseconds of one clock. */
export interface Term {
  readonly heardAt: number
  readonly until: number
}

/** It is so for `ttl` seconds from now on. */
export function termOf(ttl: number, now: number): Term {
  return { heardAt: now, until: now + ttl * 1000 }
}

/** It was said to be over. */
export function ending<T extends Term>(term: T, now: number): T {
  return { ...term, until: Math.min(term.until, now + GRACE) }
}

/** Whether it is not known, or more than half of its time is over. */
export function isDue(term: Term | undefined, now: number): boolean {
  return term === undefined || now - term.heardAt > term.until - now
}
