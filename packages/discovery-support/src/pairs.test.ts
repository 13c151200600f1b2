import { expect, test } from 'vitest'
import { MOST_PAIRS, pairsIn } from './pairs.ts'

test('flags, empty keys and sentences say nothing, the first of two counts, and nobody fills the memory', () => {
  expect([...pairsIn(['flag', '=x', 'two words=1', 'k=1', 'k=2', '__proto__=x', 'e=', 'a=b=c'])]).toEqual([
    ['k', '1'],
    ['__proto__', 'x'],
    ['e', ''],
    ['a', 'b=c'],
  ])
  expect([...pairsIn(['x.k=1', 'k=2'], (key) => key.replace('x.', ''))]).toEqual([['k', '1']])
  expect(pairsIn(Array.from({ length: 100 }, (_, n) => `k${n}=v`)).size).toBe(MOST_PAIRS)
})
