import { expect, test } from 'vitest'
import { field, isObject, itemsOf, parseJson, portOf, textOf, textsOf, wordOf, wordsOf } from './fields.ts'

const STRANGE: readonly unknown[] = [undefined, null, 7, 'x', [], {}, [null], () => 1]

test('what is no JSON is nothing', () => {
  expect([parseJson('{"a":1}'), parseJson('{'), parseJson('')]).toEqual([{ a: 1 }, undefined, undefined])
})

test('a field is one of the value itself', () => {
  expect(field({ a: 1 }, 'a')).toBe(1)
  expect(field(JSON.parse('{"__proto__":{"b":2}}'), 'b')).toBeUndefined()
  for (const value of STRANGE) expect([field(value, 'length'), field(value, 'constructor')]).toEqual([undefined, undefined])
})

test('what is of another type is nothing, or empty', () => {
  expect([isObject({}), isObject([]), isObject(null)]).toEqual([true, false, false])
  expect([textOf(' x '), textOf(7)]).toEqual([' x ', undefined])
  expect([wordOf(' x '), wordOf('  '), wordOf(7)]).toEqual(['x', undefined, undefined])
  expect([itemsOf([1]), itemsOf('ab'), itemsOf({ length: 2 })]).toEqual([[1], [], []])
  expect([...textsOf({ a: 'x', b: 7, c: null })]).toEqual([['a', 'x']])
  expect([...wordsOf({ a: 'x', b: 7, c: null, d: true, e: {} })]).toEqual([
    ['a', 'x'],
    ['b', '7'],
    ['d', 'true'],
  ])
  for (const value of STRANGE) expect([textsOf(value).size, wordsOf(value).size]).toEqual([0, 0])
})

test('a port is a whole number from 1 to 65535', () => {
  expect([1, 65_535].map(portOf)).toEqual([1, 65_535])
  expect([0, -1, 65_536, 1.5, '80', NaN].map(portOf)).toEqual(Array(6).fill(undefined))
})
