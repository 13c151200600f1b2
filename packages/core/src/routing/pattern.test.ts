import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchPartial, parsePattern } from './pattern.ts'

const kinds = (path: string): string[] => parsePattern(path).segments.map((segment) => segment.kind)

describe('parsePattern', () => {
  it('reads literals, parameters, partly literal segments and the rest', () => {
    expect(kinds('/users/:id/{name}.json/*')).toEqual(['literal', 'param', 'partial', 'rest'])
    expect(parsePattern('/users/:id/{name}.json/*path').names).toEqual(['id', 'name', 'path'])
    expect(parsePattern('/a/{id}').key).toBe(parsePattern('/a/:other').key)
  })

  it('takes ":" and "*" for syntax only at the start of a segment', () => {
    expect(kinds('/items:batch/a*b')).toEqual(['literal', 'literal'])
    expect(parsePattern('/items:batch').segments).toEqual([{ kind: 'literal', text: 'items:batch' }])
  })

  it.each([
    '',
    'a',
    '/a//b',
    '/a/../b',
    '/.',
    '/a?b',
    '/a#b',
    '/a b',
    '/a\\b',
    '/*/b',
    '/:',
    '/:a b',
    '/{',
    '/{}',
    '/a{b',
    '/a}b',
    '/{a}{b}',
    '/:a/:a',
    '/{a}-{a}',
    '/%zz',
    '/:id{[0-9]+}',
  ])('refuses %j and says why', (path) => {
    expect(() => parsePattern(path)).toThrow(TypeError)
  })

  it('gives patterns that match the same the same key, and others another', () => {
    expect(parsePattern('/%61').key).toBe(parsePattern('/a').key)
    expect(parsePattern('/a%2Fb').key).not.toBe(parsePattern('/a/b').key)
    expect(parsePattern('/~{x}').key).not.toBe(parsePattern('/{x}').key)
  })
})

describe('matchPartial', () => {
  it.each([
    [['', '.json'], 'a.json', ['a']],
    [['', '.json'], '.json', undefined],
    [['v', ''], 'v1', ['1']],
    [['', '-', ''], 'a-b-c', ['a', 'b-c']],
    [['a', 'a'], 'a', undefined],
    [['a', 'a'], 'aa', undefined],
    [['a', 'a'], 'aba', ['b']],
    [['', 'x', 'x'], 'axx', undefined],
    [['', 'x', 'x'], 'axbx', ['a', 'b']],
  ])('%j on %j gives %j', (parts, text, values) => {
    expect(matchPartial(parts, text)).toEqual(values)
  })

  it('property: agrees with a regular expression', () => {
    const part = fc.constantFrom('a', 'b', '.', 'ab')
    const parts = fc
      .tuple(fc.constantFrom('', 'a', '.'), fc.array(part, { maxLength: 3 }), fc.constantFrom('', 'b', '.'))
      .map(([first, middle, last]) => [first, ...middle, last])
    fc.assert(
      fc.property(parts, fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 }), (list, text) => {
        const expression = new RegExp(`^${list.map((one) => one.replaceAll('.', '\\.')).join('(.+?)')}$`)
        const values = matchPartial(list, text)
        expect(values !== undefined).toBe(expression.test(text))
        if (values !== undefined) expect(list.map((one, i) => one + (values[i] ?? '')).join('')).toBe(text)
      }),
      { numRuns: 3_000 },
    )
  })
})
