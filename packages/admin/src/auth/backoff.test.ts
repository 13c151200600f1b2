import { expect, test } from 'vitest'
import { createBackoff } from './backoff.ts'

function clocked() {
  const clock = { now: 0 }
  return { clock, backoff: createBackoff(() => clock.now) }
}

test('two failures are free, then the wait doubles from 1 s to 60 s', () => {
  const { clock, backoff } = clocked()
  const waits: number[] = []
  for (let i = 0; i < 11; i++) {
    backoff.failed('a')
    const wait = backoff.wait('a')
    waits.push(wait)
    clock.now += wait
    expect(backoff.wait('a')).toBe(0)
  }
  expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  expect(backoff.wait('b')).toBe(0)
})

test('success and ten quiet minutes forget the failures', () => {
  const { clock, backoff } = clocked()
  for (let i = 0; i < 3; i++) backoff.failed('a')
  backoff.succeeded('a')
  backoff.failed('a')
  expect(backoff.wait('a')).toBe(0)
  for (let i = 0; i < 5; i++) backoff.failed('b')
  clock.now += 600_000
  backoff.failed('b')
  expect(backoff.wait('b')).toBe(0)
})

test('remembers a bounded number of addresses, those that failed last', () => {
  const { backoff } = clocked()
  for (let i = 0; i < 3; i++) backoff.failed('first')
  for (let i = 0; i < 3; i++) backoff.failed('kept')
  for (let i = 0; i < 9999; i++) backoff.failed(`address ${i}`)
  expect(backoff.wait('first')).toBe(0)
  expect(backoff.wait('kept')).toBe(1000)
})
