import { describe, expect, test } from 'vitest'
import { HeaderList } from '@octopus-gateway/core'
import { parseSource, tokenReader } from './source.ts'
import type { Found } from './source.ts'

const several: Found = { error: 'invalid_request', description: 'The request carries more than one credential' }
const malformed: Found = { error: 'invalid_request', description: 'The credential is malformed' }

function read(from: string | readonly string[], flat: string[], target = '/'): Found {
  const sources = [from].flat().map((text) => parseSource(text)!)
  return tokenReader(sources)({ method: 'GET', target, headers: new HeaderList(flat) })
}

describe('header:authorization', () => {
  test.each<[string, Found]>([
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER   a.b.c', 'a.b.c'],
    ['Bearer    a.b.c', 'a.b.c'],
    ['Bearer', malformed],
    ['Bearer ', malformed],
    ['Bearer  ', malformed],
    ['', malformed],
    [' ', malformed],
    [', Bearer a.b.c', malformed],
    ['Basic YTpi', null],
    ['Bearerer a.b.c', null],
    ['Negotiate', null],
  ])('%j', (field, found) => {
    expect(read('header:authorization', ['host', 'h', 'AuthoriZation', field])).toEqual(found)
  })

  test('what is no token is passed on to be judged: it is no other scheme', () => {
    expect(read('header:authorization', ['authorization', 'Bearer a, Bearer b'])).toBe('a, Bearer b')
  })

  test('none, and several', () => {
    expect(read('header:authorization', ['x-authorization', 'Bearer a.b.c', 'authorizatio', 'x'])).toBeNull()
    expect(read('header:authorization', ['authorization', 'Bearer a.b.c', 'Authorization', 'Bearer a.b.c'])).toEqual(several)
    expect(read('header:authorization', ['authorization', 'Basic YTpi', 'authorization', 'Bearer a.b.c'])).toEqual(several)
  })

  test('a token without end is refused before it is looked at', () => {
    expect(read('header:authorization', ['authorization', `Bearer ${'a'.repeat(16_384)}`])).toHaveLength(16_384)
    expect(read('header:authorization', ['authorization', `Bearer ${'a'.repeat(16_385)}`])).toEqual({
      error: 'invalid_token',
      description: 'The token is too long',
    })
  })
})

test('another field carries the token alone, or after Bearer', () => {
  expect(read('header:X-Access-Token', ['X-ACCESS-TOKEN', 'a.b.c'])).toBe('a.b.c')
  expect(read('header:x-access-token', ['x-access-token', 'Bearer a.b.c'])).toBe('a.b.c')
  expect(read('header:x-access-token', ['x-access-token', 'bearer  a.b.c'])).toBe('a.b.c')
  expect(read('header:x-access-token', ['x-access-token', ''])).toEqual(malformed)
  expect(read('header:x-access-token', ['authorization', 'Bearer a.b.c'])).toBeNull()
})

describe('cookie:session', () => {
  test.each<[string[], Found]>([
    [['session=a.b.c'], 'a.b.c'],
    [['x=1; session=a.b.c; y=2'], 'a.b.c'],
    [['x=1;session="a.b.c"'], 'a.b.c'],
    [['x=1', 'session=a.b.c', 'y=2'], 'a.b.c'],
    [['session=a=='], 'a=='],
    [['Session=a.b.c'], null],
    [['xsession=a.b.c; session2=b; session'], null],
    [['session='], null],
    [['session=a; session=b'], several],
    [['session=a', 'session=a'], several],
  ])('%j', (fields, found) => {
    const flat = fields.flatMap((field) => ['Cookie', field])
    expect(read('cookie:session', ['host', 'h', ...flat])).toEqual(found)
  })
})

describe('query:access_token', () => {
  test.each<[string, Found]>([
    ['/a?access_token=a.b.c', 'a.b.c'],
    ['/a?x=1&access_token=a%2Eb.c&y', 'a.b.c'],
    ['/a?access%5Ftoken=a.b.c', 'a.b.c'],
    ['/a?access_token=', malformed],
    ['/a?access_token', malformed],
    ['/a?access_token=%ff', malformed],
    ['/a?%ff=1&access_token=a', 'a'],
    ['/a?Access_token=a', null],
    ['/access_token=a', null],
    ['/a?', null],
    ['/a?access_token=a&access%5ftoken=b', several],
  ])('%s', (target, found) => {
    expect(read('query:access_token', [], target)).toEqual(found)
  })
})

test('of several places the first that carries something counts, also when that is no good', () => {
  const from = ['header:authorization', 'cookie:session', 'query:t']
  expect(read(from, ['authorization', 'Bearer h', 'cookie', 'session=c'], '/?t=q')).toBe('h')
  expect(read(from, ['authorization', 'Basic YTpi', 'cookie', 'session=c'], '/?t=q')).toBe('c')
  expect(read(from, [], '/?t=q')).toBe('q')
  expect(read(from, ['authorization', 'Bearer'], '/?t=q')).toEqual(malformed)
  expect(read(from, [])).toBeNull()
})

test('places are spelled one way', () => {
  expect(parseSource('header:X-Token')).toEqual({ in: 'header', name: 'x-token' })
  expect(parseSource('cookie:__Host-Session')).toEqual({ in: 'cookie', name: '__Host-Session' })
  for (const text of ['', 'header', 'header:', 'body:token', 'header:a b', 'cookie:a;b', 'query:a=b', 'Header:x', 'header:ä']) {
    expect(parseSource(text), text).toBeUndefined()
  }
})
