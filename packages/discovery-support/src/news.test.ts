import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { News } from './news.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const { signal } = new AbortController()

/** What becomes of the next news within some milliseconds. */
async function next(news: News, ms: number, until = signal): Promise<unknown> {
  let outcome: unknown = 'waits'
  news.next(until).then(
    () => (outcome = 'news'),
    (thrown: unknown) => (outcome = thrown),
  )
  await vi.advanceTimersByTimeAsync(ms)
  return outcome
}

test('a burst is told once, a moment after it has begun, also to who comes later', async () => {
  const news = new News()
  for (let i = 0; i < 3; i++) news.touch()
  expect(await next(news, 49)).toBe('waits')
  await vi.advanceTimersByTimeAsync(1)
  expect(await next(news, 60_000)).toBe('waits')
})

test('what comes while somebody waits is told', async () => {
  const news = new News()
  setTimeout(() => news.touch(), 1_000)
  expect(await next(news, 1_051)).toBe('news')
})

test('an end is told after what has changed before it, and again and again', async () => {
  const news = new News()
  const reason = new Error('gone')
  news.touch()
  news.fail(reason)
  news.fail(new Error('another'))
  expect([await next(news, 50), await next(news, 0), await next(news, 0)]).toEqual(['news', reason, reason])
})

test('nobody waits longer than is said', async () => {
  let isOver = false
  void new News().next(signal, 1_000).then(() => (isOver = true))
  await vi.advanceTimersByTimeAsync(999)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(isOver).toBe(true)
})

test('nobody waits longer than the signal, and then no failure is told', async () => {
  const news = new News()
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 10)
  expect(await next(news, 10, stop.signal)).toBe('news')
  news.fail(new Error('gone'))
  expect(await next(news, 0, stop.signal)).toBe('news')
})
