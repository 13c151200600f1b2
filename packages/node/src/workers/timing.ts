/** How often a worker says that it is alive. */
export const BEAT_MS = 1_000
/** A worker that says nothing for so long hangs: its requests are lost already, and the connections it would accept need not be. */
export const HANG_MS = 10_000
/** How long a worker may take until it serves: plugins may fetch keys first. */
export const START_MS = 60_000
/** A worker that ends before this age is likely to do it again. */
export const YOUNG_MS = 10_000
/** How long a scrape or a view waits for workers; those that say nothing are told as such. */
export const REPORT_MS = 500
/** How long workers may take to make a configuration ready. */
export const PREPARE_MS = 60_000

/** How much longer than its requests a worker may take to end. */
export const CLOSE_MS = 5_000

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

/** Milliseconds until the next process: none after a first end, then from 250 ms, doubling to 30 s, with jitter, while workers end young. */
export function backOff(young: number): number {
  if (young <= 1) return 0
  return Math.min(FIRST_PAUSE_MS * 2 ** (young - 2), LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2)
}
