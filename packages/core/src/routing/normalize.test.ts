import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathOf } from './normalize.ts'

// Every spelling here has made some server serve another path than the one a proxy had matched.
const DANGEROUS = [
  '/../etc',
  '/a/..',
  '/a/../b',
  '/a/./b',
  '/.',
  '/..',
  '/a/.',
  '/a/..?x',
  '/./',
  '/a/%2e%2e/b',
  '/a/%2E%2e',
  '/a/.%2e/b',
  '/a/%2e./b',
  '/%2e',
  '/a/..%2fb',
  '/a%2f..%2fb',
  '/a/%2e%2e%2fb',
  '/a%2F%2e%2e',
  '/a/..;/b',
  '/a/..;x=1/b',
  '/a/.;/b',
  '/a/%2e%2e;/b',
  '/a/..%3b/b',
  '/a/..%3Fx',
  '/a/..%23x',
  '/a\\b',
  '/a\\..\\b',
  '/a%5cb',
  '/a%5C..%5Cb',
  '//a',
  '/a//b',
  '/a//',
  '/a/..%5c',
  '/a%00',
  '/a%0d%0aX:1',
  '/a%0a',
  '/a%1f',
  '/a%7f',
  '/a\u0000',
  '/a b',
  '/a\tb',
  '/a\r\nb',
  '/\u00e9',
  '/a#b',
  '/a?b#c',
  '/a?b c',
  '/a?\u0001',
  '/%c0%ae%c0%ae/',
  '/%c0%af',
  '/%e0%80%af',
  '/%ff',
  '/%u002e',
  '/%',
  '/%2',
  '/%zz',
  '/a%ed%a0%80',
  '',
  'a',
  '*',
  '?x',
  'http://a/b',
  '\\a',
  '.',
]

const HARMLESS = [
  '/',
  '/a',
  '/a/',
  '/a/b?x=../..',
  '/a?//',
  '/...',
  '/a/...b',
  '/a/.b',
  '/.well-known/x',
  '/a.',
  '/a..b',
  '/a;v=1/b',
  '/a%2Fb',
  '/a%2fb/c',
  '/%61pi',
  '/a%20b',
  '/p/https%3A%2F%2Fexample.com%2Fx',
  '/a%252e%252e/b',
  '/%c3%bc',
  '/a?b=%zz',
  '/a?b=\u00e9',
  "/a:b@c!$&'()*+,=~-_",
  '/a%3Bb',
]

describe('pathOf', () => {
  it.each(DANGEROUS)('[R19] refuses %j', (target) => {
    expect(pathOf(target)).toBeNull()
  })

  it.each(HARMLESS)('[R19] takes %j as it is', (target) => {
    expect(pathOf(target)).toBe(target.split('?')[0])
  })

  const piece = fc.oneof(
    fc.constantFrom(
      '.',
      '..',
      '/',
      '//',
      '\\',
      ';',
      '?',
      '#',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '%3b',
      '%3f',
      '%23',
      '%00',
      '%25',
      '%',
      '%c0%ae',
      '%252e',
      'a',
      'b',
      '%61',
      '\u00e9',
      ' ',
      '\r',
    ),
    fc.string({ maxLength: 3 }),
  )
  const target = fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`)

  /** Servers split before they decode, or decode before they split; some cut parameters after `;`, some look for `?` and `#` once more. */
  const readings = (path: string): string[][] => {
    const decoded = decodeURIComponent(path)
    const cut = decoded.split(/[?#]/)[0]!
    return [
      path.split('/'),
      path.split('/').map((segment) => decodeURIComponent(segment)),
      decoded.split('/'),
      cut.split('/'),
      decoded.split('/').map((segment) => segment.split(';')[0]!),
    ]
  }

  it('[R19] property: nothing accepted climbs or hides under any single decoding', () => {
    fc.assert(
      fc.property(target, (text) => {
        const path = pathOf(text)
        if (path === null) return
        expect(text.startsWith(path)).toBe(true)
        for (const segments of readings(path)) expect(segments.some((segment) => segment === '.' || segment === '..')).toBe(false)
        expect(path).not.toMatch(/\/\//)
        // eslint-disable-next-line no-control-regex
        expect(decodeURIComponent(path)).not.toMatch(/[\u0000-\u001f\u007f\\]/)
      }),
      { numRuns: 5_000 },
    )
  })

  it('[R19] property: what is accepted is what a URL parser would also keep', () => {
    fc.assert(
      fc.property(target, (text) => {
        const path = pathOf(text)
        if (path === null || /["<>^`{|}]/.test(path)) return
        expect(new URL(`http://a.test${path}`).pathname).toBe(path)
      }),
      { numRuns: 5_000 },
    )
  })
})
