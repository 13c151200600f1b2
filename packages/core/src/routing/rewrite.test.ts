import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRewrite } from './rewrite.ts'

const rewrite = (stripPrefix: string | undefined, addPrefix: string | undefined, target: string): string =>
  compileRewrite({ ...(stripPrefix === undefined ? {} : { stripPrefix }), ...(addPrefix === undefined ? {} : { addPrefix }) })?.(target) ??
  target

describe('compileRewrite', () => {
  it.each([
    ['/api', undefined, '/api/users?x=1', '/users?x=1'],
    ['/api', undefined, '/api', '/'],
    ['/api', undefined, '/api?x', '/?x'],
    ['/api', undefined, '/api/', '/'],
    ['/api', undefined, '/apiary', '/apiary'],
    ['/api/', undefined, '/api/users', '/users'],
    ['api', undefined, '/api/users', '/users'],
    [undefined, '/v2', '/users', '/v2/users'],
    [undefined, '/v2/', '/', '/v2/'],
    ['/api', '/v2', '/api', '/v2'],
    ['/api', '/v2', '/api?x', '/v2?x'],
    ['/api', '/v2', '/api/a%2Fb?c=%20', '/v2/a%2Fb?c=%20'],
    ['/api', undefined, '/%61pi/users', '/users'],
    ['/api', undefined, '/%61pi?x', '/?x'],
    ['/a/b', undefined, '/a%2Fb/c', '/a%2Fb/c'],
    ['/a%20b', undefined, '/a%20b/c', '/c'],
    ['/other', undefined, '/api/users', '/api/users'],
  ])('[R19] strip %j, add %j: %s becomes %s', (strip, add, from, to) => {
    expect(rewrite(strip, add, from)).toBe(to)
  })

  it('is nothing when it changes nothing', () => {
    expect(compileRewrite(undefined)).toBeNull()
    expect(compileRewrite({ stripPrefix: '/', addPrefix: '' })).toBeNull()
  })

  it('[R19] property: what is not removed keeps its bytes', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'b', '%41', '%2F', '%20', '-', ';', ':'), minLength: 1, maxLength: 4 })
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((list) => `/${list.join('/')}`)
    fc.assert(
      fc.property(path, path, path, fc.constantFrom('', '?', '?a=/../%zz'), (prefix, rest, add, query) => {
        expect(rewrite(prefix, undefined, prefix + rest + query)).toBe(rest + query)
        expect(rewrite(prefix, add, prefix + rest + query)).toBe(add + rest + query)
        expect(rewrite(undefined, add, rest + query)).toBe(add + rest + query)
      }),
    )
  })

  it('[R19] property: an encoded prefix is the same prefix', () => {
    const encodedAtWill = fc.array(fc.tuple(fc.constantFrom(...'abcxyz'), fc.boolean()), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(encodedAtWill, (letters) => {
        const plain = `/${letters.map(([letter]) => letter).join('')}`
        const sent = `/${letters.map(([letter, isEncoded]) => (isEncoded ? `%${letter.charCodeAt(0).toString(16)}` : letter)).join('')}`
        expect(rewrite(plain, undefined, `${sent}/x%41?y`)).toBe('/x%41?y')
      }),
    )
  })
})
