import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostIndex, hostName, parseHost } from './hosts.ts'

describe('hostName', () => {
  it.each([
    ['Example.COM', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['example.com.', 'example.com'],
    ['[::1]:80', '[::1]'],
    ['127.0.0.1', '127.0.0.1'],
    ['my_service-1', 'my_service-1'],
  ])('[R18] %s is %s', (field, name) => {
    expect(hostName(field)).toBe(name)
  })

  it.each([
    '',
    'a/b',
    'a b',
    'a,b',
    'a@b',
    'a?b',
    'a#b',
    'a\\b',
    'a:b',
    'a:99999',
    'a:',
    '.',
    '..',
    '.a',
    'a..b',
    '[::1',
    '::1',
    '[:::]',
    '[g::1]',
    '999.1.1.1',
    'a%2eb',
    'a\u0000',
    `${'a'.repeat(254)}`,
    'a:80:80',
    '*',
  ])('[R18] %j is refused', (field) => {
    expect(hostName(field)).toBeNull()
  })

  it('[R18] property: whatever is accepted can stand in a URL', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 20 }),
          fc.domain(),
          fc.ipV4(),
          fc.ipV6().map((ip) => `[${ip}]`),
        ),
        (field) => {
          const name = hostName(field)
          if (name !== null) expect(URL.canParse(`http://${name}/`)).toBe(true)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('keeps its answers when more names come than it remembers', () => {
    for (let i = 0; i < 3_000; i++) expect(hostName(`h${i}.test`)).toBe(`h${i}.test`)
    expect(hostName('h1.test:1')).toBe('h1.test')
  })
})

describe('parseHost', () => {
  it('knows the four kinds', () => {
    expect(parseHost(undefined)).toEqual({ kind: 'any' })
    expect(parseHost('*')).toEqual({ kind: 'any' })
    expect(parseHost('API.example.com')).toEqual({ kind: 'exact', text: 'api.example.com' })
    expect(parseHost('*.example.com')).toEqual({ kind: 'suffix', text: 'example.com' })
    expect(parseHost('api.*')).toEqual({ kind: 'label', text: 'api' })
  })

  it.each(['a.b.*', '*.*', 'a*.b', '*a.b', 'a.com:80', 'a/b', '', '*.', '.*', 'a..b'])('refuses %j', (host) => {
    expect(() => parseHost(host)).toThrow(TypeError)
  })
})

describe('HostIndex', () => {
  const index = new HostIndex<string>()
  for (const host of ['a.example.com', '*.example.com', '*.eu.example.com', 'a.*', undefined]) index.set(parseHost(host), host ?? 'any')
  const order = (host: string): string[] => {
    const seen: string[] = []
    index.find(host, (value) => (seen.push(value), null))
    return seen
  }

  it('goes from exact over the longest suffix and the first label to any', () => {
    expect(order('a.example.com')).toEqual(['a.example.com', '*.example.com', 'a.*', 'any'])
    expect(order('x.eu.example.com')).toEqual(['*.eu.example.com', '*.example.com', 'any'])
    expect(order('a')).toEqual(['a.*', 'any'])
    expect(order('a.other')).toEqual(['a.*', 'any'])
  })

  it('does not take a suffix for the name itself, nor part of a label', () => {
    expect(order('example.com')).toEqual(['any'])
    expect(order('evilexample.com')).toEqual(['any'])
    expect(order('')).toEqual(['any'])
  })
})
