import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { parseBasic } from './credential.ts'

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

describe('parseBasic (RFC 7617)', () => {
  test('splits at the first colon and reads UTF-8', () => {
    expect(parseBasic(basic('ädmin:p:ä\u{1f419}'))).toEqual({ username: 'ädmin', password: 'p:ä\u{1f419}' })
    expect(parseBasic(basic(':'))).toEqual({ username: '', password: '' })
  })

  test('the scheme has no letter case, padding may be missing', () => {
    expect(parseBasic(basic('a:b').replace('Basic', 'bAsIc'))).toEqual({ username: 'a', password: 'b' })
    expect(parseBasic(basic('ab:b').replace(/=+$/, ''))).toEqual({ username: 'ab', password: 'b' })
  })

  test.each([
    ['nothing', null],
    ['another scheme', 'Bearer YTpi'],
    ['no token', 'Basic'],
    ['a broken token', 'Basic YTpi!'],
    ['an impossible length', 'Basic YTpiY'],
    ['white space inside', 'Basic YT pi'],
    ['no colon', basic('admin')],
    ['a control character', basic('admin:pass\0word')],
    ['a line feed', basic('admin:\n')],
    ['bytes that are not UTF-8', `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`],
    ['a token without end', `Basic ${'YTpi'.repeat(2000)}`],
  ])('refuses %s', (_what, field) => {
    expect(parseBasic(field)).toBeUndefined()
  })

  test('reads back every credential and never throws', () => {
    const clean = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !/\p{Cc}/u.test(text))
    fc.assert(
      fc.property(clean, clean, (name, password) => {
        const username = name.replaceAll(':', '')
        expect(parseBasic(basic(`${username}:${password}`))).toEqual({ username, password })
      }),
    )
    fc.assert(fc.property(fc.string(), (field) => void parseBasic(`Basic ${field}`)))
  })
})
