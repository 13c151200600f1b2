import { describe, expect, it } from 'vitest'
import { negotiate } from './negotiate.ts'
import { mediaTypes } from './media-types.ts'
import fc from 'fast-check'

const ALL = ['br', 'zstd', 'gzip'] as const

describe('[R27] Accept-Encoding', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, br, zstd', 'br'],
    ['gzip, zstd', 'zstd'],
    ['br;q=0.5, gzip', 'gzip'],
    ['br;q=0.5, gzip;q=0.5', 'br'],
    ['br;q=0, gzip;q=0', null],
    ['gzip;q=0', null],
    ['gzip;q=0.0', null],
    ['gzip;q=0.001', 'gzip'],
    ['*', 'br'],
    ['*;q=0', null],
    ['*;q=0, gzip', 'gzip'],
    ['br;q=0, *', 'zstd'],
    ['identity', null],
    ['identity, gzip;q=0.5', null],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0, gzip', 'gzip'],
    ['identity;q=0', null],
    ['deflate, compress', null],
    ['gzip ; q=0.8 , br ; q=0.9', 'br'],
    ['gzip;q=banana', null],
    ['gzip;q=-1', null],
    ['gzip;q=2', null],
    ['gzip;level=9', null],
    [',,gzip,,', 'gzip'],
    ['toString, __proto__, gzip', 'gzip'],
  ])('%s: %s', (accept, expected) => {
    expect(negotiate(accept, ALL)).toBe(expected)
  })

  it('offers what there is', () => {
    expect(negotiate('br, zstd, gzip', ['gzip'])).toBe('gzip')
    expect(negotiate('br', ['gzip'])).toBeNull()
    expect(negotiate('*', [])).toBeNull()
  })

  it('never names a coding that the client refuses or does not name, whatever it sends', () => {
    const name = fc.constantFrom('gzip', 'br', 'zstd', 'identity', '*', 'deflate')
    const entry = fc.tuple(name, fc.constantFrom('', ';q=0', ';q=0.5', ';q=1'))
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([known]) => known, maxLength: 6 }), (entries) => {
        const weights = new Map(entries.map(([known, q]) => [known, q === '' ? 1 : Number(q.slice(3))] as const))
        const coding = negotiate(entries.map(([known, q]) => known + q).join(', '), ALL)
        const weightOf = (known: (typeof ALL)[number]): number => weights.get(known) ?? weights.get('*') ?? 0
        const best = Math.max(...ALL.map(weightOf))
        if (coding === null) expect(best === 0 || (weights.get('identity') ?? 0) > best).toBe(true)
        else {
          expect(weightOf(coding)).toBe(best)
          expect(best).toBeGreaterThan(0)
        }
      }),
    )
    fc.assert(fc.property(fc.string(), (accept) => void negotiate(accept, ALL)))
  })
})

describe('[R27] media types', () => {
  const listed = mediaTypes(['text/*', 'application/json', 'application/*+json', 'image/svg+xml'])
  it.each([
    ['text/html', true],
    ['Text/HTML; charset=utf-8', true],
    ['text/html ; charset=utf-8', true],
    ['application/json', true],
    ['application/json;charset=utf-8', true],
    ['application/problem+json', true],
    ['application/jsonp', false],
    ['application/json-seq', false],
    ['image/svg+xml', true],
    ['image/svgxxml', false],
    ['image/png', false],
    ['xtext/html', false],
    ['application/zip, text/html', false],
    ['', false],
  ])('%s: %s', (type, expected) => {
    expect(listed(type)).toBe(expected)
  })

  it('an empty list lists nothing', () => {
    expect(mediaTypes([])('')).toBe(false)
    expect(mediaTypes([])('text/html')).toBe(false)
    expect(mediaTypes(['*/*'])('image/png')).toBe(true)
  })
})
