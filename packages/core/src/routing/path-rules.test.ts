import { describe, expect, it } from 'vitest'
import { compileRules, ruleProblem } from './path-rules.ts'

const apply = (pattern: string, replacement: string, path: string): string | null => {
  const result = compileRules([{ pattern, replacement }]).apply(path)
  return typeof result === 'string' ? result : (result?.path ?? null)
}

describe('compileRules', () => {
  it.each<[string, string, string, string | null]>([
    ['^/v1/(.*)$', '/$1', '/v1/users/123', '/users/123'],
    ['^/v1/(.*)$', '/$1', '/users/123', null],
    ['^/(\\w+)/(\\w+)$', '/${2}x/$1', '/a/b', '/bx/a'],
    ['^/(?P<who>\\w+)$', '/by/${who}', '/ann', '/by/ann'],
    ['/v1', '', '/v1/a/v1', '/a/v1'],
    ['^/a$', '/$$', '/a', '/$'],
    ['^/a/?(b)?$', '/x$1', '/a', '/x'],
    ['^/a/(.*)$', '/../../$1', '/a/etc', 'refused'],
    ['^/a/(.*)$', '/$1', '/a/', '/'],
    ['^/a(.*)$', '$1', '/a', 'refused'],
    ['^/a/(.*)$', '//$1', '/a/evil.example', 'refused'],
    ['^/a/(.*)$', '/x/$1', '/a/%2e%2e', 'refused'],
    ['^/a/(.)(.*)$', '/$2$1', '/a/.b', '/b.'],
    ['^/a/(.)(.)(.)$', '/$2$3/$1', '/a/x..', 'refused'],
    ['^/a/(.*)$', '/$1', '/a/b%2Fc', 'refused'],
    ['^/a/(..)(.)$', '/%$2$1', '/a/2fx', 'refused'],
    ['^/(.*)$', '/$1$1$1$1$1$1$1$1$1', `/${'a'.repeat(2000)}`, 'refused'],
    ['^/x', '/y', `/${'a'.repeat(9000)}`, 'refused'],
    ['(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)!', '/', `/${'a'.repeat(8000)}`, 'refused'],
  ])('%s to %s', (pattern, replacement, path, result) => {
    expect(apply(pattern, replacement, path)).toBe(result)
  })

  it('the first rule that fits decides', () => {
    const rules = compileRules([
      { pattern: '^/a', replacement: '/b' },
      { pattern: '^/b', replacement: '/c' },
    ])
    expect([rules.apply('/a'), rules.apply('/b'), rules.apply('/d')]).toEqual([{ path: '/b' }, { path: '/c' }, null])
  })

  it.each([
    ['^/(a', '/x', 'pattern cannot be used'],
    ['^/(a)', '/$1x', 'write ${1}'],
    ['^/(a)', '/$2', 'no group "2"'],
    ['^/(a)', '/${name}', 'no group "name"'],
    ['^/a', '/$', 'stands alone'],
    ['^/a', '/x?y=1', 'cannot stand in a path'],
    ['^/a', '/\u0000', 'cannot stand in a path'],
    ['^/a', `/${'x'.repeat(600)}`, 'longer than'],
  ])('refuses %s to %s', (pattern, replacement, reason) => {
    expect(ruleProblem({ pattern, replacement })).toContain(reason)
  })

  it('[F12.11.bounds] refuses more than 32 rules', () => {
    expect(() => compileRules(Array.from({ length: 33 }, () => ({ pattern: 'a', replacement: '/' })))).toThrow('32')
  })
})
