import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from './program.ts'
import { search } from './run.ts'

const groupsOf = (pattern: string, text: string): (string | undefined)[] | null => {
  const found = search(compilePattern(pattern), text, { steps: Infinity })!
  if (found === null) return null
  return Array.from({ length: found.length / 2 }, (_, i) => (found[i * 2]! < 0 ? undefined : text.slice(found[i * 2], found[i * 2 + 1])))
}

describe('search', () => {
  it.each<[string, string, (string | undefined)[] | null]>([
    ['^/v1/(.*)$', '/v1/users/123', ['/v1/users/123', 'users/123']],
    ['^/v1/(.*)$', '/users/v1/x', null],
    ['/v(\\d+)', '/a/v12/b', ['/v12', '12']],
    ['^/(a|ab)(c|bcd)$', '/abcd', ['/abcd', 'a', 'bcd']],
    ['(?i)^/API/(?P<rest>.*)', '/api/X', ['/api/X', 'X']],
    ['(?i:a)b', 'Ab', ['Ab']],
    ['(?i:a)b', 'AB', null],
    ['a(?i)b|c', 'C', ['C']],
    ['[[:digit:]]+[^[:alpha:]-]', '12_', ['12_']],
    ['[]a-]+', 'x]-a', [']-a']],
    ['a{2,3}?', 'aaaa', ['aa']],
    ['a{,2}', 'xa{,2}', ['a{,2}']],
    ['\\bv\\d\\B', 'v12', ['v1']],
    ['\\A/x\\z', '/x', ['/x']],
    ['(?:)', 'x', ['']],
    ['(a*)*', 'b', ['', undefined]],
  ])('finds %s in %s', (pattern, text, groups) => {
    const found = groupsOf(pattern, text)
    // Whether an empty turn of a loop sets its group is where engines differ; no path depends on it.
    expect(pattern === '(a*)*' ? found?.slice(0, 1) : found).toEqual(pattern === '(a*)*' ? groups!.slice(0, 1) : groups)
  })

  it.each([
    ['(a)\\1', 'back-references'],
    ['(?=a)', 'look-around'],
    ['(?<!a)b', 'look-around'],
    ['a**', 'repeats a repeat'],
    ['*a', 'nothing stands in front'],
    ['(a', 'without ")"'],
    ['a)', 'without "("'],
    ['[a', 'ends too early'],
    ['[z-a]', 'backwards'],
    ['a{3,2}', 'not a number of repeats'],
    ['a{1001}', 'not a number of repeats'],
    ['\\pL', 'not supported'],
    ['((a{100}){100}){100}', 'too large'],
    [`${'(?:'.repeat(8)}a${'{900})'.repeat(8)}`, 'too large'],
    ['('.repeat(33) + ')'.repeat(33), 'groups'],
    [`(?:${'(?:'.repeat(40)}${')'.repeat(40)})`, 'too deep'],
    ['é', 'cannot stand in a path'],
    ['a'.repeat(513), '512'],
  ])('refuses %s', (pattern, reason) => {
    expect(() => compilePattern(pattern)).toThrow(reason)
  })

  it('[R38] repeats of nothing are nothing, however often they are repeated', () => {
    const pattern = `^${'(?:'.repeat(20)}(?:)${'{1000})'.repeat(20)}a`
    expect(groupsOf(pattern, 'a')).toEqual(['a'])
  })

  it('property: finds what the engine of the language finds', () => {
    const atom = fc.constantFrom('a', 'b', '/', '.', '[ab]', '[^a/]', '\\d', '\\w', '\\b', '1', '(?:)')
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        atom,
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
        tie('pattern').map((a) => `(${a})`),
        // Of something that is not empty: engines disagree about empty turns.
        fc
          .tuple(
            atom.filter((a) => !['\\b', '(?:)'].includes(a)),
            fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{1,}?'),
          )
          .map(([a, by]) => `${a}${by}`),
        fc.tuple(tie('pattern'), fc.constantFrom('^', '$')).map(([a, place]) => (place === '^' ? `^${a}` : `${a}$`)),
      ),
    }))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '1', '_'), maxLength: 12 })
    fc.assert(
      fc.property(pattern, text, (source, input) => {
        const expected = new RegExp(source).exec(input)
        expect(groupsOf(source, input)).toEqual(expected === null ? null : [...expected])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(['(a*)*b', '(a|aa)+$', '(.*)(.*)(.*)(.*)x', '(a?){60}a{60}', '(((a+)+)+)+b'])(
    '[R38] %s costs no more than its length times that of the text',
    (pattern) => {
      const program = compilePattern(pattern)
      const text = 'a'.repeat(2_000)
      const budget = { steps: 1e9 }
      search(program, text, budget)
      expect(1e9 - budget.steps).toBeLessThan(program.steps.length * (program.slots + 2) * (text.length + 1))
      expect(search(program, text, { steps: 1_000 })).toBeUndefined()
    },
  )
})
