import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('one task at a time, in order, also after a failure; the rest is turned away', async () => {
  const turns = createTurns(3)
  const events: string[] = []
  const gates: (() => void)[] = []
  const task = (name: string) => async (): Promise<string> => {
    events.push(`${name} starts`)
    await new Promise<void>((resolve) => gates.push(resolve))
    events.push(`${name} ends`)
    if (name === 'a') throw new Error('a fails')
    return name
  }
  const a = turns.run(task('a'))
  const b = turns.run(task('b'))
  const c = turns.run(task('c'))
  expect(turns.run(task('d'))).toBeUndefined()
  const failed = expect(a).rejects.toThrow('a fails')
  for (const waiting of [failed, b, c]) {
    while (gates.length === 0) await Promise.resolve()
    gates.shift()!()
    await waiting
  }
  expect(events).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
  expect(turns.run(async () => 'e')).toBeDefined()
})
