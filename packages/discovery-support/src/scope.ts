import { setMaxListeners } from 'node:events'

/** A signal of one's own, which aborts with others, and at the end of its block. */
export interface Scope extends Disposable {
  readonly signal: AbortSignal
}

/** Begins a scope: `using scope = scopeOf(signal)`. It leaves nothing behind at those signals. */
export function scopeOf(...signals: readonly AbortSignal[]): Scope {
  const own = new AbortController()
  // Hundreds of questions may wait for one end: that is no leak.
  setMaxListeners(0, own.signal)
  const end = (): void => own.abort()
  for (const signal of signals) {
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
  }
  return {
    signal: own.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) signal.removeEventListener('abort', end)
      end()
    },
  }
}
