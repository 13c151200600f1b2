import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchPartial, parsePattern } from './pattern.ts'
import { PathTree } from './tree.ts'
import type { Segment } from './pattern.ts'

interface Entry {
  readonly path: string
  readonly method: string | null
}

function treeOf(entries: readonly Entry[]): PathTree<Entry> {
  const tree = new PathTree<Entry>()
  for (const entry of entries) tree.add(parsePattern(entry.path), entry.method, entry)
  return tree
}

const paths = (...list: string[]): PathTree<Entry> => treeOf(list.map((path) => ({ path, method: null })))
const find = (tree: PathTree<Entry>, path: string, method = 'GET'): string | undefined => tree.find(path, method)?.value.path

describe('PathTree', () => {
  it('prefers literal over partly literal over parameter over rest, in every segment', () => {
    const tree = paths('/a/*', '/a/:x', '/a/{x}.json', '/a/b.json')
    expect(find(tree, '/a/b.json')).toBe('/a/b.json')
    expect(find(tree, '/a/c.json')).toBe('/a/{x}.json')
    expect(find(tree, '/a/c')).toBe('/a/:x')
    expect(find(tree, '/a/c/d')).toBe('/a/*')
  })

  it('goes back when the more specific branch ends nowhere', () => {
    const tree = paths('/a/b/c', '/a/:x/d', '/:y/b/e', '/*')
    expect(find(tree, '/a/b/c')).toBe('/a/b/c')
    expect(find(tree, '/a/b/d')).toBe('/a/:x/d')
    expect(find(tree, '/a/b/e')).toBe('/:y/b/e')
    expect(find(tree, '/a/b/f')).toBe('/*')
    expect(tree.find('/a/b/e', 'GET')!.values).toEqual(['a'])
    expect(tree.find('/a/b/f', 'GET')!.values).toEqual(['a/b/f'])
    const partial = paths('/{a}.x/:b/c', '/:p/:q/d')
    expect(partial.find('/q.x/r/d', 'GET')!.values).toEqual(['q.x', 'r'])
  })

  it('passes over a candidate that does not take the method', () => {
    const tree = treeOf([
      { path: '/a/b', method: 'GET' },
      { path: '/a/:x', method: 'POST' },
      { path: '/*', method: null },
    ])
    expect(find(tree, '/a/b', 'GET')).toBe('/a/b')
    expect(find(tree, '/a/b', 'POST')).toBe('/a/:x')
    expect(find(tree, '/a/b', 'DELETE')).toBe('/*')
    expect([...tree.methodsAt('/a/b')].sort()).toEqual(['GET', 'POST'])
  })

  it('[R23] answers HEAD where GET is, unless HEAD has a route of its own', () => {
    expect(find(treeOf([{ path: '/a', method: 'GET' }]), '/a', 'HEAD')).toBe('/a')
    const own = treeOf([
      { path: '/a', method: 'GET' },
      { path: '/a', method: 'HEAD' },
    ])
    expect(own.find('/a', 'HEAD')!.value.method).toBe('HEAD')
    expect(find(treeOf([{ path: '/a', method: 'POST' }]), '/a', 'HEAD')).toBeUndefined()
  })

  it('takes a trailing slash seriously, but a mount root answers both', () => {
    const tree = paths('/users', '/api/*')
    expect(find(tree, '/users/')).toBeUndefined()
    expect(find(tree, '/api')).toBe('/api/*')
    expect(find(tree, '/api/')).toBe('/api/*')
    expect(find(tree, '/apiary')).toBeUndefined()
    expect(find(paths('/a/:x'), '/a/')).toBeUndefined()
  })

  it('[R19] never takes %2F for a separator, neither in requests nor in patterns', () => {
    expect(find(paths('/a/b'), '/a%2Fb')).toBeUndefined()
    expect(find(paths('/a%2Fb'), '/a/b')).toBeUndefined()
    expect(find(paths('/a%2Fb'), '/a%2fb')).toBe('/a%2Fb')
    expect(paths('/:x').find('/a%2Fb', 'GET')!.values).toEqual(['a/b'])
    expect(find(paths('/a%2Fb', '/a/b'), '/a/b')).toBe('/a/b')
  })

  it('[R19] decodes exactly once', () => {
    expect(find(paths('/aA'), '/a%41')).toBe('/aA')
    expect(find(paths('/a%2541'), '/a%41')).toBeUndefined()
    expect(find(paths('/a%2541'), '/a%2541')).toBe('/a%2541')
    expect(paths('/:x').find('/%2541', 'GET')!.values).toEqual(['%41'])
  })

  it('is case-sensitive', () => {
    expect(find(paths('/Users'), '/users')).toBeUndefined()
  })

  it('keeps the first value for the same place', () => {
    const tree = new PathTree<string>()
    expect(tree.add(parsePattern('/a/:x'), 'GET', 'first')).toBeNull()
    expect(tree.add(parsePattern('/a/{y}'), 'GET', 'second')).toBe('first')
    expect(tree.add(parsePattern('/a/:z'), 'POST', 'third')).toBeNull()
    expect(tree.find('/a/1', 'POST')).toEqual({ value: 'third', names: ['z'], values: ['1'] })
    expect(tree.find('/a/1', 'GET')).toEqual({ value: 'first', names: ['x'], values: ['1'] })
  })
})

// A reference that is right because it is short: every pattern is tried, the best by rank per segment wins.
function matches(entry: Entry, path: string, method: string): string | null {
  if (entry.method !== null && entry.method !== method && !(method === 'HEAD' && entry.method === 'GET')) return null
  const wanted = parsePattern(entry.path).segments
  const given = path.slice(1).split('/')
  let rank = ''
  for (let i = 0; i < wanted.length; i++) {
    const segment = wanted[i]!
    if (segment.kind === 'rest') return `${rank}4`
    if (given[i] === undefined) return null
    const one = rankOf(segment, decodeURIComponent(given[i]!))
    if (one === null) return null
    rank += one
  }
  // The end of a pattern comes before a rest of zero segments.
  return given.length === wanted.length ? `${rank}0` : null
}

function rankOf(segment: Exclude<Segment, { kind: 'rest' }>, text: string): string | null {
  if (segment.kind === 'literal') return segment.text === text ? '1' : null
  if (segment.kind === 'param') return text === '' ? null : '3'
  return matchPartial(segment.parts, text) === undefined
    ? null
    : `2${String(99 - segment.parts.join('').length).padStart(2, '0')}${segment.parts.join('\0')}`
}

function reference(entries: readonly Entry[], path: string, method: string): string | undefined {
  const exactFirst = (entry: Entry): string => (entry.method === method ? '0' : entry.method === 'GET' ? '1' : '2')
  const found = entries.flatMap((entry) => {
    const rank = matches(entry, path, method)
    return rank === null ? [] : [{ entry, key: `${rank}|${exactFirst(entry)}` }]
  })
  return found.sort((a, b) => (a.key < b.key ? -1 : 1))[0]?.entry.path
}

describe('PathTree against a naive matcher', () => {
  const segment = fc.constantFrom('a', 'b', 'c.x', 'c.y', ':p', '{p}.x', '{p}.y', 'c.{p}', 'a%2Fb', '')
  const pattern = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean()).map(([segments, isRest]) => {
    const clean = segments.filter((text, index) => text !== '' || index === segments.length - 1)
    // Parameter names must differ within a path.
    const named = clean.map((text, index) => text.replace('p', `p${index}`))
    return `/${isRest ? [...named.filter((text) => text !== ''), '*'].join('/') : named.join('/')}`
  })
  const entries = fc.uniqueArray(fc.record({ path: pattern, method: fc.constantFrom(null, 'GET', 'POST', 'HEAD') }), {
    selector: ({ path, method }) => `${method} ${parsePattern(path).key}`,
    maxLength: 12,
  })
  const request = fc
    .array(fc.constantFrom('a', 'b', 'c.x', 'c.y', 'd.x', '%61', 'a%2Fb', 'q', ''), { minLength: 1, maxLength: 5 })
    .map((segments) => `/${segments.join('/')}`)

  it('property: finds what the naive matcher finds', () => {
    fc.assert(
      fc.property(entries, request, fc.constantFrom('GET', 'POST', 'HEAD', 'PUT'), (list, path, method) => {
        expect(find(treeOf(list), path, method)).toBe(reference(list, path, method))
      }),
      { numRuns: 4_000 },
    )
  })

  it('property: the order of addition does not matter', () => {
    fc.assert(
      fc.property(entries, request, fc.constantFrom('GET', 'HEAD'), fc.infiniteStream(fc.nat()), (list, path, method, random) => {
        const shuffled = list.map((entry) => ({ entry, at: random.next().value as number })).sort((a, b) => a.at - b.at)
        expect(find(treeOf(shuffled.map(({ entry }) => entry)), path, method)).toBe(find(treeOf(list), path, method))
      }),
      { numRuns: 1_500 },
    )
  })

  it('holds 10,000 routes and finds each of them', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => ({
      path: i % 3 === 0 ? `/s${i % 100}/r${i}/:id` : i % 3 === 1 ? `/s${i % 100}/r${i}` : `/s${i % 100}/:id/r${i}`,
      method: 'GET',
    }))
    const started = performance.now()
    const tree = treeOf(list)
    expect(performance.now() - started).toBeLessThan(5_000)
    for (const { path } of list) expect(find(tree, path.replace(':id', '42'))).toBe(path)
    expect(find(tree, '/s1/none/none')).toBeUndefined()
  })

  it('is not slowed down by a path made to backtrack', () => {
    const list = Array.from({ length: 12 }, (_, depth) =>
      Array.from({ length: depth + 1 }, (__, i) => (i % 2 === 0 ? 'a' : `:p${i}`)).join('/'),
    ).map((path) => `/${path}`)
    const tree = paths(...list)
    const started = performance.now()
    for (let i = 0; i < 200; i++) find(tree, `/${'a/'.repeat(2_000)}x`)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
