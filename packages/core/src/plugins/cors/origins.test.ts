import { describe, expect, it } from 'vitest'
import { originProblem, parseOrigins } from './origins.ts'
import fc from 'fast-check'

describe('origins', () => {
  it.each([
    ['https://shop.example', 'https://shop.example', true],
    ['https://shop.example', 'http://shop.example', false],
    ['https://shop.example', 'https://shop.example:8443', false],
    ['https://shop.example', 'https://shop.example.evil.test', false],
    ['https://shop.example', 'https://eshop.example', false],
    ['https://Shop.Example:443', 'https://shop.example', true],
    ['http://localhost:80', 'http://localhost', true],
    ['http://localhost:3000', 'http://localhost:3000', true],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['https://*.shop.example', 'https://a.shop.example', true],
    ['https://*.shop.example', 'https://a.b.shop.example', true],
    ['https://*.shop.example', 'https://shop.example', false],
    ['https://*.shop.example', 'https://evilshop.example', false],
    ['https://*.shop.example', 'https://.shop.example', false],
    ['https://*.shop.example', 'https://evil.test/.shop.example', false],
    ['https://*.shop.example', 'https://evil.test#.shop.example', false],
    ['https://*.shop.example', 'https://user@evil.test:1.shop.example', false],
    ['https://*.shop.example', 'https://a..shop.example', false],
    ['https://*.shop.example', 'http://a.shop.example', false],
    ['https://*.shop.example', 'https://a.shop.example:8443', false],
    ['https://*.shop.example:8443', 'https://a.shop.example:8443', true],
    ['https://*.shop.example:443', 'https://a.shop.example', true],
    ['https://*.shop.example', 'null', false],
    ['https://shop.example', 'null', false],
    ['*', 'null', true],
    ['*', 'https://anybody.test', true],
  ])('[R6] %s and %s: %s', (entry, origin, expected) => {
    expect(parseOrigins([entry]).has(origin)).toBe(expected)
  })

  it.each([
    'null',
    'shop.example',
    'https://shop.example/',
    'https://shop.example/path',
    'https://*',
    'https://*.',
    'https://a.*.example',
    'https://*shop.example',
    '*.shop.example',
    'https://shop.example?',
    '',
  ])('[R6] %s is no entry', (entry) => {
    expect(originProblem(entry)).toMatch(/is not an origin|sandboxed/)
  })

  it('[R6] whatever a wildcard admits is a name below its domain', () => {
    const origins = parseOrigins(['https://*.shop.example'])
    const piece = fc.constantFrom(
      'https://',
      'http://',
      '.shop.example',
      'shop.example',
      'evil.test',
      '.',
      '/',
      ':',
      '@',
      '#',
      '?',
      '\\',
      'a',
      '*',
      ' ',
      '%2e',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const origin = pieces.join('')
        if (!origins.has(origin)) return
        const url = new URL(origin)
        expect(url.origin).toBe(origin)
        expect(url.hostname.endsWith('.shop.example')).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })
})
