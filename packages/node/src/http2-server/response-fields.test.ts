import { expect, test } from 'vitest'
import { responseFields } from './response-fields.ts'

test('names in lower case, repeated fields as arrays, single ones joined', () => {
  const fields = responseFields(['X-A', '1', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'SET-COOKIE', 'c=3', 'ETag', '"1"', 'etag', '"2"'])
  expect({ ...fields }).toEqual({ 'x-a': '1', 'set-cookie': ['a=1', 'b=2', 'c=3'], etag: '"1", "2"' })
})

test('fields of one connection are left out', () => {
  const flat = ['connection', 'keep-alive', 'Transfer-Encoding', 'chunked', 'te', 'trailers', 'Upgrade', 'h2c', 'http2-settings', 'x']
  expect(Object.keys(responseFields([...flat, 'keep-alive', '1', 'proxy-connection', '1']))).toEqual([])
})

test('blanks around a value are not part of it', () => {
  expect(responseFields(['a', ' \t1 2\t '])['a']).toBe('1 2')
})

test.each([
  ['a NUL, at which Node would split', 'x', 'a\u0000evil\u00001\u0000'],
  ['a line break', 'x', 'a\r\nb: c'],
  ['a character above latin1', 'x', '\u20ac'],
  ['a blank in a name', 'x y', '1'],
  ['a pseudo field', ':status', '500'],
  ['no name', '', '1'],
])('%s is refused', (_title, name, value) => {
  expect(() => responseFields([name, value])).toThrow(/cannot be sent/)
})

test('a name like that of an object’s own is a field like any other', () => {
  expect(responseFields(['__proto__', '1', 'constructor', '2'])['__proto__']).toBe('1')
})
