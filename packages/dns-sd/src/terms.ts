/** What is said to be over is over after this: another host may still have it (RFC 6762, 10.1). What is as young stays beside what is new (10.2). Milliseconds. */
export const GRACE = 1_000

/** Something that was heard, and for how long it is so. Milliseconds of one clock. */
export interface Term {
  heardAt: number
  until: number
}

/** It is so for `ttl` seconds from now on. */
export function termOf(ttl: number, now: number): Term {
  return { heardAt: now, until: now + ttl * 1000 }
}

/** It was said again. */
export function stay(term: Term, ttl: number, now: number): void {
  Object.assign(term, termOf(ttl, now))
}

/** It was said to be over. */
export function leave(term: Term, now: number): void {
  term.until = Math.min(term.until, now + GRACE)
}

/** Whether more than half of its time is over. */
export function isDue({ heardAt, until }: Term, now: number): boolean {
  return now - heardAt > until - now
}
