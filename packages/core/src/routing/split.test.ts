import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeaderList } from '../headers.ts'
import { Split } from './split.ts'
import { TrustedProxies, UNKNOWN_PEER } from '../exchange/client.ts'
import type { Route } from './route.ts'
import type { Branch, SplitKey, TargetMatch } from './split.ts'

const branch = (name: string, weight: number, match: TargetMatch | null = null): Branch<Route> => ({
  route: { upstream: { name } } as Route,
  weight,
  match,
})

function choiceOf(split: Split<Route>, fields: readonly string[] = [], ip = '192.0.2.1'): string {
  const request = { method: 'GET', target: '/', headers: new HeaderList([...fields]) }
  return split.choose(request, { peer: { ...UNKNOWN_PEER, ip }, trusted: new TrustedProxies([]) }).upstream.name
}

/** How often each upstream is chosen for these clients. */
function counts(split: Split<Route>, clients: readonly string[], field = 'x-user'): Map<string, number> {
  const found = new Map<string, number>()
  for (const client of clients) {
    const name = choiceOf(split, [field, client])
    found.set(name, (found.get(name) ?? 0) + 1)
  }
  return found
}

const CLIENTS = Array.from({ length: 20_000 }, (_, i) => `user-${i}`)

describe('by weight', () => {
  test.each([[null], ['header:x-user' as SplitKey]])('gives each upstream its share, on %s', (on) => {
    const split = new Split([branch('stable', 90), branch('canary', 9.5), branch('new', 0.5), branch('off', 0)], on)
    const found = counts(split, CLIENTS)
    // Five standard deviations: one false alarm in more than a million runs.
    for (const [name, share] of [
      ['stable', 0.9],
      ['canary', 0.095],
      ['new', 0.005],
    ] as const)
      expect(Math.abs((found.get(name) ?? 0) / CLIENTS.length - share), name).toBeLessThan(
        5 * Math.sqrt((share * (1 - share)) / CLIENTS.length),
      )
    expect(found.get('off')).toBeUndefined()
  })

  test('a weight that grows draws clients to its upstream, and nobody goes anywhere else', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(weights, fc.nat(), fc.integer({ min: 1, max: 50 }), (before, index, more) => {
        const grown = index % before.length
        const splitOf = (list: readonly number[]): Split<Route> =>
          new Split(
            list.map((weight, i) => branch(`u${i}`, weight)),
            'header:x-user',
          )
        const one = splitOf(before)
        const two = splitOf(before.map((weight, i) => (i === grown ? weight + more : weight)))
        for (const client of CLIENTS.slice(0, 300)) {
          const from = choiceOf(one, ['x-user', client])
          const to = choiceOf(two, ['x-user', client])
          if (from !== to) expect(to).toBe(`u${grown}`)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('the order of the list and other processes make no difference', () => {
    const one = new Split([branch('a', 3), branch('b', 7)], 'header:x-user')
    const two = new Split([branch('b', 7), branch('a', 3)], 'header:x-user')
    for (const client of CLIENTS.slice(0, 500)) expect(choiceOf(one, ['x-user', client])).toBe(choiceOf(two, ['x-user', client]))
  })
})

describe('what clients are told apart by', () => {
  const even = (on: SplitKey): Split<Route> => new Split([branch('a', 1), branch('b', 1)], on)

  test.each([
    ['header:X-User', (client: string) => choiceOf(even('header:X-User'), ['x-user', client])],
    ['cookie:Session', (client: string) => choiceOf(even('cookie:Session'), ['cookie', `x=1; Session=${client}`])],
    ['ip', (client: string) => choiceOf(even('ip'), [], client)],
  ])('%s keeps a client where it is, and sends others elsewhere', (_on, choose) => {
    const seen = new Set<string>()
    for (const client of CLIENTS.slice(0, 40)) {
      const choices = new Set(Array.from({ length: 5 }, () => choose(client)))
      expect(choices.size).toBe(1)
      seen.add([...choices][0]!)
    }
    expect([...seen].sort()).toEqual(['a', 'b'])
  })

  test('the address is the one that a trusted proxy vouches for', () => {
    const split = even('ip')
    const trusted = new TrustedProxies(['10.0.0.0/8'])
    const behind = (client: string): string => {
      const headers = new HeaderList(['x-forwarded-for', client])
      return split.choose({ method: 'GET', target: '/', headers }, { peer: trusted.peer('10.0.0.1', false), trusted }).upstream.name
    }
    for (let i = 0; i < 20; i++) expect(behind(`192.0.2.${i}`)).toBe(choiceOf(split, [], `192.0.2.${i}`))
  })

  test('a client of IPv6 is its network', () => {
    for (let i = 0; i < 20; i++)
      expect(choiceOf(even('ip'), [], `2001:db8:0:${i}::1`)).toBe(choiceOf(even('ip'), [], `2001:db8:0:${i}:ffff::2`))
  })

  test('who lacks it is decided anew each time', () => {
    expect(new Set(Array.from({ length: 60 }, () => choiceOf(even('cookie:session')))).size).toBe(2)
  })
})

describe('match', () => {
  const split = new Split(
    [
      branch('stable', 1),
      branch('beta', 0, { headers: { 'X-Beta': '*' }, cookies: { plan: 'gold' } }),
      branch('canary', 0, { headers: { 'X-Canary': 'yes' } }),
    ],
    null,
  )

  test.each([
    [[], 'stable'],
    [['x-canary', 'yes'], 'canary'],
    [['X-CANARY', 'yes'], 'canary'],
    [['x-canary', 'Yes'], 'stable'],
    [['x-canary', 'yes', 'x-canary', 'yes'], 'stable'],
    [['x-beta', ''], 'stable'],
    [['x-beta', '', 'cookie', 'plan=gold'], 'beta'],
    [['x-beta', 'any', 'cookie', 'plan=gold', 'x-canary', 'yes'], 'beta'],
    [['cookie', 'plan=golden'], 'stable'],
  ])('%j goes to %s', (fields, name) => {
    expect(choiceOf(split, fields)).toBe(name)
  })
})
