import { cookieOf } from './cookies.ts'
import { expect, test } from 'vitest'
import { HeaderList } from '../headers.ts'

const of = (name: string, ...fields: readonly string[]): string | undefined =>
  cookieOf(new HeaderList(fields.flatMap((field) => ['Cookie', field])), name)

test('finds a cookie by its whole name, in any of several fields', () => {
  expect(of('a', 'a=1; b=2')).toBe('1')
  expect(of('b', 'a=1; b=2')).toBe('2')
  expect(of('b', 'ab=1;b=2')).toBe('2')
  expect(of('c', 'a=1', 'c=3')).toBe('3')
  expect(of('a', 'a=first; a=second')).toBe('first')
})

test('takes values as they are', () => {
  expect(of('a', 'a="x, y"; b=2')).toBe('"x, y"')
  expect(of('a', 'a=b=c')).toBe('b=c')
  expect(of('a', 'a=')).toBe('')
})

test.each([['a'], ['; ;a'], ['=1'], ['xa=1'], ['']])('finds nothing in %j', (field) => {
  expect(of('a', field)).toBeUndefined()
})
