/** Failures that cost nothing: people mistype. */
const FREE = 3
const FIRST_MS = 1000
const LONGEST_MS = 60_000
/** After this long without a failure an address starts anew. */
const FORGET_MS = 600_000
const ADDRESSES = 10_000

interface Record {
  failures: number
  until: number
  last: number
}

/** Makes whoever fails wait: from the third failure on 1 s, doubling to 60 s. Times are monotonic milliseconds. */
export interface Backoff {
  /** Milliseconds this address still has to wait; 0 when it may try. */
  wait(address: string): number
  failed(address: string): void
  succeeded(address: string): void
}

/** A back-off per address. At most 10,000 addresses are remembered, those that failed last. */
export function createBackoff(now: () => number = () => performance.now()): Backoff {
  const records = new Map<string, Record>()
  return {
    wait(address) {
      return Math.max(0, (records.get(address)?.until ?? 0) - now())
    },
    failed(address) {
      const at = now()
      const before = records.get(address)
      const failures = before !== undefined && at - before.last < FORGET_MS ? before.failures + 1 : 1
      const delay = failures < FREE ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - FREE))
      // Deleted and set again, so that the order of the map is the order of the last failures.
      records.delete(address)
      records.set(address, { failures, until: at + delay, last: at })
      if (records.size > ADDRESSES) records.delete(records.keys().next().value!)
    },
    succeeded(address) {
      records.delete(address)
    },
  }
}
