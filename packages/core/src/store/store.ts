/** One entry of a store. */
export interface StoreEntry {
  readonly key: string
  readonly value: string
}

/**
 * What outlives the process, and what replicas of a gateway share: registrations, approvals. Small texts under names, such as
 * `farp/push/users`. `memoryStore()` forgets at the end of the process; `fileStore()` of `@octopus-gateway/node` keeps a folder; your own has to
 * pass `storeChecks` of `@octopus-gateway/core/testing`.
 *
 * A key has 1 to 1024 characters, a value at most 16 MiB of UTF-8; anything else rejects with a `RangeError` and changes nothing. A method rejects
 * when the store cannot be reached; what was there stays. Of two writes to one key at the same time one wins whole.
 */
export interface KeyValueStore {
  /** The value, or `undefined` when there is none or its time is over. */
  get(key: string): Promise<string | undefined>
  /** Resolves once it is kept. With `ttl`, the entry is gone after so many milliseconds; without, an earlier `ttl` of the key no longer counts. */
  set(key: string, value: string, how?: { readonly ttl?: number }): Promise<void>
  /** Whether there was something to delete. */
  delete(key: string): Promise<boolean>
  /** All entries whose keys begin with the prefix, by key in code unit order. */
  list(prefix: string): Promise<readonly StoreEntry[]>
  /**
   * `list(prefix)` at once, then again after every change, whoever made it: what this process writes within moments, what another one writes or what
   * expires within seconds. A slow reader misses what was replaced meanwhile. Ends when `signal` aborts; a failure of the store ends it with an error.
   */
  watch(prefix: string, signal: AbortSignal): AsyncIterable<readonly StoreEntry[]>
}

const MOST_KEY = 1024
const MOST_VALUE = 16 * 1024 * 1024

/** Throws a `RangeError` when a store need not take this key or value. */
export function checkEntry(key: string, value = ''): void {
  if (key.length === 0 || key.length > MOST_KEY)
    throw new RangeError(`A key of a store has 1 to ${MOST_KEY} characters, not ${key.length}.`)
  // A code unit is at most three bytes: only long texts need counting.
  if (value.length * 3 > MOST_VALUE && new TextEncoder().encode(value).length > MOST_VALUE)
    throw new RangeError(`A value of a store has at most ${MOST_VALUE} bytes.`)
}

/** Whether two lists of one prefix say the same. */
export function sameEntries(a: readonly StoreEntry[], b: readonly StoreEntry[]): boolean {
  return a.length === b.length && a.every(({ key, value }, index) => key === b[index]!.key && value === b[index]!.value)
}
