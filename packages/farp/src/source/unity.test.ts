import { afterEach, expect, test, vi } from 'vitest'
import { settingsOf } from '../options.ts'
import { Unity } from './unity.ts'
import type { Placed } from './placement.ts'

afterEach(() => void vi.useRealTimers())

const placed = (generation: string, upstream = 'users', strategy = 'service'): Placed =>
  ({ candidate: { generation, manifest: { serviceVersion: '1.0.0' } }, placement: { upstream, strategy } }) as Placed

test('generations that differ for ten minutes are a matter for the operator, once', () => {
  vi.useFakeTimers()
  const logged: unknown[] = []
  const log = { error() {}, warn: (...line: unknown[]) => void logged.push(line), info() {}, debug() {} }
  const unity = new Unity('users', settingsOf({}), log)
  const codes = (...list: Placed[]): string[] => unity.look(list).findings.map(({ code }) => code)
  expect(codes(placed('a'), placed('a'))).toEqual([])
  const began = Date.now()
  expect(codes(placed('a'), placed('b'))).toEqual(['GENERATIONS_DIFFER'])
  expect(unity.look([placed('a'), placed('b')]).wakesAt).toBe(began + 600_000)
  vi.advanceTimersByTime(599_999)
  expect(codes(placed('a'), placed('c'))).toEqual(['GENERATIONS_DIFFER'])
  vi.advanceTimersByTime(1)
  expect(codes(placed('a'), placed('c'))).toEqual(['SCHEMA_INCONSISTENT'])
  expect(codes(placed('a'), placed('c'))).toEqual(['SCHEMA_INCONSISTENT'])
  expect(logged).toEqual([['farp.schema.inconsistent', expect.objectContaining({ service: 'users', minutes: 10 })]])
  expect(codes(placed('c'))).toEqual([])
  expect(codes(placed('a'), placed('c'))).toEqual(['GENERATIONS_DIFFER'])
})

test('versions with places of their own are meant to differ', () => {
  const unity = new Unity('users', settingsOf({}), { error() {}, warn() {}, info() {}, debug() {} })
  expect(unity.look([placed('a', 'users/1'), placed('b', 'users/2')]).findings).toEqual([])
  expect(unity.look([placed('a', 'users/i', 'instance'), placed('b', 'users/j', 'instance')]).findings).toEqual([])
})
