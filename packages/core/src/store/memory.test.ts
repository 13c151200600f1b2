import { describe, expect, test, vi } from 'vitest'
import { memoryStore } from './memory.ts'
import { storeChecks } from '../testing/store.ts'

describe('memoryStore', () => {
  for (const { name, run } of storeChecks) {
    test(name, () =>
      run(() => {
        const store = memoryStore()
        return Promise.resolve({ store, other: store, close: () => Promise.resolve() })
      }),
    )
  }
})

test('a watcher waits for the next end of an entry, however far', async () => {
  vi.useFakeTimers()
  try {
    const store = memoryStore()
    const controller = new AbortController()
    await store.set('a', '1', { ttl: 3_600_000 })
    const watch = store.watch('', controller.signal)[Symbol.asyncIterator]()
    expect((await watch.next()).value).toEqual([{ key: 'a', value: '1' }])
    const next = watch.next()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect((await next).value).toEqual([])
    const end = watch.next()
    controller.abort()
    expect((await end).done).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
