import { describe, expect, it } from 'vitest'
import { HeaderList } from '../../headers.ts'
import { identity } from '../auth/provider.ts'
import { keyOf } from './keys.ts'
import type { Identity } from '../auth/provider.ts'
import type { RequestContext } from '../../exchange/context.ts'

function request(parts: { ip?: string; fields?: string[]; who?: Partial<Identity>; route?: string } = {}): RequestContext {
  const { ip = '192.0.2.1', fields = [], who, route = 'r' } = parts
  const given = {
    client: { ip, secure: false },
    request: { method: 'GET', target: '/', headers: new HeaderList(fields) },
    route: { id: route },
    get: (slot: unknown) => (slot === identity ? who : undefined),
  }
  return given as unknown as RequestContext
}

describe('keys of rate limits', () => {
  it('an address counts alone, of IPv6 its /64 network', () => {
    const key = keyOf(['ip'])
    expect(key(request({ ip: '192.0.2.1' }))).not.toBe(key(request({ ip: '192.0.2.2' })))
    expect(key(request({ ip: '2001:db8:1:2::1' }))).toBe(key(request({ ip: '2001:db8:1:2:ffff:ffff:ffff:ffff' })))
    expect(key(request({ ip: '2001:db8:1:2::1' }))).toBe(key(request({ ip: '2001:0DB8:1:2:0:0:0:5%eth0' })))
    expect(key(request({ ip: '2001:db8:1:2::1' }))).not.toBe(key(request({ ip: '2001:db8:1:3::1' })))
  })

  it('an identity counts by provider and principal; an anonymous caller by its address', () => {
    const key = keyOf(['identity'])
    const keys = [
      request({ who: { provider: 'a', principal: 'bc' } }),
      request({ who: { provider: 'ab', principal: 'c' } }),
      request({ who: { provider: 'a', principal: 'bd' } }),
      request({ ip: '192.0.2.1' }),
      request({ ip: '192.0.2.2' }),
    ].map(key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(key(request({ ip: '192.0.2.9', who: { provider: 'a', principal: 'bc' } }))).toBe(keys[0])
  })

  it('parts of a list cannot reach into each other', () => {
    const key = keyOf(['header:a', 'header:b', 'route'])
    const keys = [
      ['a', '1:b', 'b', 'c'],
      ['a', '', 'b', '1:bc'],
      ['a', 'x', 'b', ''],
      ['a', '', 'b', 'x'],
    ].map((fields) => key(request({ fields })))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('[R12] a key is short however long its field is, and long fields stay apart', () => {
    const key = keyOf(['header:authorization'])
    const long = 'x'.repeat(10_000)
    const keys = [`${long}a`, `${long}b`, `a${long}`, `${long}ab`].map((value) => key(request({ fields: ['Authorization', value] })))
    expect(new Set(keys).size).toBe(keys.length)
    for (const one of keys) expect(one.length).toBeLessThan(64)
    expect(key(request({ fields: ['Authorization', `${long}a`] }))).toBe(keys[0])
  })
})
