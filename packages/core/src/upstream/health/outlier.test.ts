import { describe, expect, it } from 'vitest'
import { mostEjected, OutlierRecord } from './outlier.ts'
import type { OutlierPolicy } from './outlier-settings.ts'

const POLICY: OutlierPolicy = { consecutiveFailures: 3, failureRate: null, interval: 10_000, baseEjection: 30_000, maxEjected: 10 }
const BY_RATE: OutlierPolicy = { ...POLICY, consecutiveFailures: Infinity, failureRate: { threshold: 50, minRequests: 10 } }

describe('an outlier', () => {
  it('is told by failures in a row', () => {
    const record = new OutlierRecord()
    expect([record.bad(0, POLICY), record.bad(0, POLICY)]).toEqual([null, null])
    record.good(0, POLICY)
    expect([record.bad(0, POLICY), record.bad(0, POLICY), record.bad(0, POLICY)]).toEqual([null, null, '3 failures in a row'])
  })

  it('[R35] is told by its share of failures in one interval, never over its life', () => {
    const record = new OutlierRecord()
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 9; i++) expect(record.bad(round * 10_000, BY_RATE)).toBeNull()
    }
    const now = 1_000_000
    for (let i = 0; i < 5; i++) record.good(now, BY_RATE)
    for (let i = 0; i < 4; i++) expect(record.bad(now, BY_RATE)).toBeNull()
    expect(record.bad(now, BY_RATE)).toBe('50% of 10 requests failed')
  })

  it('is out longer with each time, up to ten times as long, and quiet intervals are forgiven', () => {
    const record = new OutlierRecord()
    let now = 0
    const times: number[] = []
    for (let i = 0; i < 12; i++) {
      record.eject(now, POLICY)
      times.push((record.ejectedUntil - now) / 30_000)
      now = record.ejectedUntil
    }
    expect(times).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10])
    now += 4 * 10_000
    record.eject(now, POLICY)
    expect((record.ejectedUntil - now) / 30_000).toBe(7)
    now = record.ejectedUntil + 3_600_000
    record.eject(now, POLICY)
    expect((record.ejectedUntil - now) / 30_000).toBe(1)
  })

  it('says nothing new while it is out', () => {
    const record = new OutlierRecord()
    record.eject(0, POLICY)
    for (let i = 0; i < 9; i++) expect(record.bad(29_999, POLICY)).toBeNull()
    expect(record.bad(30_000, POLICY)).toBeNull()
  })

  it.each([
    [1, 10, 0],
    [2, 10, 1],
    [2, 100, 1],
    [3, 50, 1],
    [10, 50, 5],
    [100, 10, 10],
    [100, 100, 99],
  ])('of %i endpoints and %i%% at most %i may be', (endpoints, maxEjected, most) => {
    expect(mostEjected(endpoints, { ...POLICY, maxEjected })).toBe(most)
  })
})
