import { checkEntry, sameEntries } from './store.ts'
import { sleep } from '../time.ts'
import type { KeyValueStore, StoreEntry } from './store.ts'

interface Kept {
  readonly value: string
  /** Unix milliseconds. */
  readonly expires: number
}

/** A store that lasts as long as the process: the default. */
export function memoryStore(): KeyValueStore {
  return new MemoryStore()
}

class MemoryStore implements KeyValueStore {
  readonly #entries = new Map<string, Kept>()
  #wake = new Set<() => void>()

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#live(key)?.value)
  }

  // eslint-disable-next-line require-await
  async set(key: string, value: string, { ttl = Infinity }: { readonly ttl?: number } = {}): Promise<void> {
    checkEntry(key, value)
    this.#entries.set(key, { value, expires: Date.now() + ttl })
    this.#changed()
  }

  delete(key: string): Promise<boolean> {
    const wasThere = this.#live(key) !== undefined
    if (this.#entries.delete(key)) this.#changed()
    return Promise.resolve(wasThere)
  }

  list(prefix: string): Promise<readonly StoreEntry[]> {
    return Promise.resolve(this.#list(prefix))
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<readonly StoreEntry[], void, undefined> {
    let last: readonly StoreEntry[] | undefined
    while (!signal.aborted) {
      const entries = this.#list(prefix)
      if (last === undefined || !sameEntries(last, entries)) {
        last = entries
        yield entries
        continue
      }
      await this.#change(prefix, signal)
    }
  }

  #live(key: string): Kept | undefined {
    const kept = this.#entries.get(key)
    if (kept !== undefined && kept.expires <= Date.now()) {
      this.#entries.delete(key)
      return undefined
    }
    return kept
  }

  #list(prefix: string): StoreEntry[] {
    const found: StoreEntry[] = []
    for (const key of this.#entries.keys()) {
      const kept = key.startsWith(prefix) ? this.#live(key) : undefined
      if (kept !== undefined) found.push({ key, value: kept.value })
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #changed(): void {
    const waiting = this.#wake
    this.#wake = new Set()
    for (const wake of waiting) wake()
  }

  /** Resolves after a change, when the next entry of the prefix expires, or when `signal` aborts. */
  async #change(prefix: string, signal: AbortSignal): Promise<void> {
    let next = Infinity
    for (const [key, { expires }] of this.#entries) if (key.startsWith(prefix)) next = Math.min(next, expires)
    const waiting = new AbortController()
    const wake = (): void => waiting.abort()
    this.#wake.add(wake)
    signal.addEventListener('abort', wake)
    if (signal.aborted) wake()
    await sleep(next - Date.now(), waiting.signal)
    signal.removeEventListener('abort', wake)
    this.#wake.delete(wake)
  }
}
