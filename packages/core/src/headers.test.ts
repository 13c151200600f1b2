import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeaderList } from './headers.ts'

const name = fc.constantFrom('a', 'A', 'x-b', 'X-B', 'set-cookie', 'Set-Cookie')
const fields = fc.array(fc.tuple(name, fc.string({ maxLength: 4 })), { maxLength: 8 })

describe('HeaderList', () => {
  it('compares names without their letter case and keeps how they came', () => {
    const list = new HeaderList(['Content-Type', 'text/plain', 'X-A', '1', 'x-a', '2'])
    expect(list.get('content-type')).toBe('text/plain')
    expect(list.getAll('x-a')).toBe('1, 2')
    expect(list.values('x-a')).toEqual(['1', '2'])
    expect(list.has('none')).toBe(false)
    list.set('x-a', '3')
    expect(list.flat).toEqual(['Content-Type', 'text/plain', 'X-A', '3'])
  })

  it('keeps repeated fields apart, set-cookie of Headers included', () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    expect(HeaderList.from(headers).values('set-cookie')).toEqual(['a=1', 'b=2'])
  })

  it('finds an empty value', () => {
    expect(new HeaderList(['a', '']).has('a')).toBe(true)
  })

  it('property: set leaves exactly one, delete none, both leave the others in order', () => {
    fc.assert(
      fc.property(fields, fc.constantFrom('a', 'x-b', 'set-cookie'), (pairs, one) => {
        const others = pairs.filter(([key]) => key.toLowerCase() !== one)
        const set = HeaderList.from(pairs)
        set.set(one, 'new')
        expect(set.values(one)).toEqual(['new'])
        expect([...set].filter(([key]) => key.toLowerCase() !== one)).toEqual(others)
        const deleted = HeaderList.from(pairs)
        deleted.delete(one)
        expect([...deleted]).toEqual(others)
        deleted.append(one, 'late')
        expect(deleted.get(one)).toBe('late')
      }),
    )
  })

  it('property: agrees with Headers on what a field says', () => {
    const trimmed = fields.map((pairs) => pairs.map(([key, value]) => [key, value.replaceAll(/[^a-z]/g, '')] as [string, string]))
    fc.assert(
      fc.property(trimmed, (pairs) => {
        const headers = new Headers(pairs)
        for (const key of ['a', 'x-b']) expect(HeaderList.from(pairs).getAll(key) ?? null).toBe(headers.get(key))
      }),
    )
  })

  it('makes clones that are their own', () => {
    const list = new HeaderList(['a', '1'])
    list.clone().set('a', '2')
    expect(list.get('a')).toBe('1')
  })
})
