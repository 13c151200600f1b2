import { expect, test } from 'vitest'
import { getEventListeners } from 'node:events'
import { scopeOf } from './scope.ts'

test('a scope ends with each of its signals, and with its block; it leaves nothing behind', () => {
  const [one, two] = [new AbortController(), new AbortController()]
  const scope = scopeOf(one.signal, two.signal)
  expect(scope.signal.aborted).toBe(false)
  two.abort()
  expect(scope.signal.aborted).toBe(true)
  scope[Symbol.dispose]()
  expect(scopeOf(two.signal).signal.aborted).toBe(true)
  let ended: AbortSignal
  {
    using inner = scopeOf(one.signal)
    ended = inner.signal
    expect(ended.aborted).toBe(false)
  }
  expect(ended.aborted).toBe(true)
  expect(getEventListeners(one.signal, 'abort')).toEqual([])
})
