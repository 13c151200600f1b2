import { describe, expect, test } from 'vitest'
import { isRoutable, sharesOf } from './pool.ts'
import { vectors } from './testing/vectors.ts'
import type { Sharer } from './pool.ts'

interface Case {
  readonly name: string
  readonly statuses?: Readonly<Record<string, boolean>>
  readonly instances?: readonly {
    id: string
    weight?: number
    role?: string
    deployment?: { traffic_percent?: number; strategy?: string }
  }[]
  readonly shares?: Readonly<Record<string, number>>
  readonly draws?: readonly { readonly rand_0_99: number; readonly pool: string }[]
}

const { cases } = vectors<{ cases: readonly Case[] }>('instance-selection')

type Account = NonNullable<Sharer['account']>
const sharer = (id: string, account: Partial<Account> = {}, registryWeight = 1): Sharer => ({
  id,
  registryWeight,
  account: { weight: undefined, status: 'healthy', role: '', strategy: '', trafficPercent: undefined, ...account },
})

describe('vectors', () => {
  test.each(cases)('$name', ({ statuses = {}, instances = [], shares = {}, draws = [] }) => {
    for (const [status, expected] of Object.entries(statuses))
      expect(isRoutable(status === '<absent>' ? '' : status), status).toBe(expected)
    const found = sharesOf(
      instances.map(({ id, weight, role = '', deployment }) => sharer(id, { weight, role, trafficPercent: deployment?.traffic_percent })),
    )
    for (const [id, share] of Object.entries(shares)) expect(found.get(id) ?? 0, id).toBe(share)
    const total = [...found.values()].reduce((sum, share) => sum + share, 0)
    const percentOf = (pool: string): number =>
      instances.filter(({ role }) => role === pool).reduce((sum, { id }) => sum + (100 * (found.get(id) ?? 0)) / total, 0)
    // What a draw from 0 to 99 below the share comes to.
    for (const { rand_0_99: draw, pool } of draws) expect(draw < Math.round(percentOf('canary')) ? 'canary' : 'primary').toBe(pool)
  })
})

test('canaries get their percentage, whatever their number', () => {
  const found = sharesOf([sharer('a'), sharer('b'), sharer('c', { role: 'canary', trafficPercent: 10 }), sharer('d', { role: 'canary' })])
  const total = [...found.values()].reduce((sum, share) => sum + share, 0)
  expect([found.get('c')! / total, found.get('d')]).toEqual([expect.closeTo(0.1), 0])
  const two = sharesOf([sharer('a'), ...['c', 'd'].map((id) => sharer(id, { role: 'canary', trafficPercent: 20 }))])
  expect((two.get('c')! + two.get('d')!) / 300).toBeCloseTo(0.2)
  expect(sharesOf([sharer('c', { role: 'canary', trafficPercent: 10 })]).get('c')).toBeGreaterThan(0)
  expect(sharesOf([sharer('a'), sharer('c', { role: 'canary', trafficPercent: 0 })]).get('c')).toBe(0)
})

test('a standby colour that cannot say zero gets none', () => {
  const found = sharesOf([
    sharer('b', { role: 'blue', strategy: 'blue_green', trafficPercent: 100 }),
    sharer('g', { role: 'green', strategy: 'blue_green' }),
  ])
  expect([found.get('b'), found.get('g')]).toEqual([100, 0])
  const none = sharesOf([sharer('b', { role: 'blue', strategy: 'blue_green' }), sharer('g', { role: 'green', strategy: 'blue_green' })])
  expect([none.get('b'), none.get('g')]).toEqual([100, 100])
})

test('colours share by their percentages', () => {
  const found = sharesOf([
    sharer('b1', { role: 'blue', strategy: 'blue_green', trafficPercent: 75 }),
    sharer('b2', { role: 'blue', strategy: 'blue_green', trafficPercent: 75 }),
    sharer('g', { role: 'green', strategy: 'blue_green', trafficPercent: 25 }),
  ])
  expect(found.get('g')! / (found.get('b1')! + found.get('b2')! + found.get('g')!)).toBeCloseTo(0.25)
})

test('degraded instances rest while more than half are healthy', () => {
  expect(sharesOf([sharer('a'), sharer('b'), sharer('d', { status: 'degraded' })]).get('d')).toBe(0)
  expect(sharesOf([sharer('a'), sharer('d', { status: 'degraded' })]).get('d')).toBe(100)
})

test("the registry's weight multiplies", () => {
  expect(sharesOf([sharer('a', {}, 2), sharer('b', { weight: 50 }, 2), sharer('c', {}, 0)])).toEqual(
    new Map([
      ['a', 200],
      ['b', 100],
      ['c', 0],
    ]),
  )
})

test('the operator switches colours, whatever manifests say, as long as there is anybody of that colour', () => {
  const both = [
    sharer('b', { role: 'blue', strategy: 'blue_green', trafficPercent: 100 }),
    sharer('g', { role: 'green', strategy: 'blue_green' }),
    sharer('p'),
  ]
  const shares = (...among: Sharer[]): (number | undefined)[] => ['b', 'g', 'p'].map((id) => sharesOf(among, 'green').get(id))
  expect(shares(...both)).toEqual([0, 100, 100])
  expect(shares(both[0]!)).toEqual([100, undefined, undefined])
})
