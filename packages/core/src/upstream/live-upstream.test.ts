import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EndpointPool } from './endpoint-state.ts'
import { LiveUpstream, PLAIN_SETTINGS } from './live-upstream.ts'
import { UpstreamSet } from './upstream-set.ts'
import type { Attempt } from '../exchange/context.ts'
import type { Context } from '../exchange/request-context.ts'
import type { Endpoint } from './endpoint.ts'
import type { LiveEndpoint } from './endpoint-state.ts'

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  origin: `http://${id}.test`,
  weight: 1,
  labels: {},
  ...more,
})

function upstreamOf(...endpoints: Endpoint[]): LiveUpstream {
  const upstream = new LiveUpstream('up', new EndpointPool(), PLAIN_SETTINGS)
  upstream.assign(endpoints)
  return upstream
}

function context(subset: Record<string, string[]> | null = null, tried: LiveEndpoint[] = []): Context {
  const attempts: Attempt[] = tried.map((one) => ({ endpoint: one, ms: 1 }))
  return { route: { subset }, attempts, brokenEndpoint: () => undefined } as unknown as Context
}

const pickMany = (upstream: LiveUpstream, times: number): string[] => Array.from({ length: times }, () => upstream.pick(context())!.id)
const stateOf = (upstream: LiveUpstream, id: string): LiveEndpoint['state'] =>
  (upstream.endpoints as LiveEndpoint[]).find((one) => one.id === id)!.state

describe('the passive rule', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('takes an endpoint out for 1 s, doubling to 30 s', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      stateOf(upstream, 'a').connectFailed(performance.now())
      pauses.push(stateOf(upstream, 'a').outForMs(performance.now()))
      expect(pickMany(upstream, 5)).toEqual(['b', 'b', 'b', 'b', 'b'])
      vi.advanceTimersByTime(pauses.at(-1)! - 1)
      expect(pickMany(upstream, 2)).toEqual(['b', 'b'])
      vi.advanceTimersByTime(1)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('counts failures of one moment once', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    for (let i = 0; i < 50; i++) {
      stateOf(upstream, 'a').connectFailed(performance.now())
      vi.advanceTimersByTime(1)
    }
    expect(stateOf(upstream, 'a').failures).toBe(1)
    expect(stateOf(upstream, 'a').outForMs(performance.now())).toBe(950)
  })

  it('lets one request at a time try it again', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    stateOf(upstream, 'a').connectFailed(performance.now())
    vi.advanceTimersByTime(1_000)
    expect(pickMany(upstream, 20).filter((id) => id === 'a')).toHaveLength(1)
    vi.advanceTimersByTime(2_000)
    expect(pickMany(upstream, 20).filter((id) => id === 'a')).toHaveLength(1)
    stateOf(upstream, 'a').answered()
    expect(pickMany(upstream, 20).filter((id) => id === 'a')).toHaveLength(10)
  })

  it('spends the trial only on a request that is really sent there, whatever the weights', () => {
    const upstream = upstreamOf(endpoint('a', { weight: 1 }), endpoint('b', { weight: 5 }))
    stateOf(upstream, 'a').connectFailed(performance.now())
    vi.advanceTimersByTime(1_000)
    expect(pickMany(upstream, 8)).toContain('a')
  })

  it('falls back to an endpoint that is out when all are', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    for (const id of ['a', 'b']) stateOf(upstream, id).connectFailed(performance.now())
    const first = upstream.pick(context())!
    const second = upstream.pick(context(null, [first]))!
    expect([first.id, second.id].sort()).toEqual(['a', 'b'])
    expect(upstream.pick(context(null, [first, second]))).toBeUndefined()
  })

  it('shows it', () => {
    const upstream = upstreamOf(endpoint('a', { labels: { version: '1' } }), endpoint('b'))
    stateOf(upstream, 'a').connectFailed(performance.now())
    expect(upstream.status(performance.now())).toEqual([
      { id: 'a', origin: 'http://a.test', weight: 1, labels: { version: '1' }, state: 'out', outForMs: 1_000, active: 0, failures: 1 },
      { id: 'b', origin: 'http://b.test', weight: 1, labels: {}, state: 'available', outForMs: 0, active: 0, failures: 0 },
    ])
  })
})

describe('an upstream', () => {
  it('keeps to the subset of the route, also when it falls back', () => {
    const upstream = upstreamOf(
      endpoint('a', { labels: { v: '1', zone: 'x' } }),
      endpoint('b', { labels: { v: '2', zone: 'x' } }),
      endpoint('c'),
    )
    const seen = new Set(Array.from({ length: 30 }, () => upstream.pick(context({ v: ['1', '2'], zone: ['x'] }))!.id))
    expect([...seen].sort()).toEqual(['a', 'b'])
    stateOf(upstream, 'a').connectFailed(performance.now())
    expect(upstream.pick(context({ v: ['1'] }))!.id).toBe('a')
    expect(upstream.pick(context({ v: ['9'] }))).toBeUndefined()
    expect(upstream.pick(context({ v: ['1'] }, [upstream.endpoints[0] as LiveEndpoint]))).toBeUndefined()
  })

  it('keeps its place when the same endpoints are assigned again', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    const first = upstream.pick(context())!.id
    expect(upstream.assign([endpoint('a'), endpoint('b')])).toBe(false)
    expect(upstream.pick(context())!.id).not.toBe(first)
    expect(upstream.assign([endpoint('a', { weight: 2 }), endpoint('b')])).toBe(true)
  })
})

describe('the pool of states', () => {
  const identity = { key: 'k', name: 'up', ...PLAIN_SETTINGS } as const

  it('[R34] keeps a state while any upstream mentions its endpoint, and is empty afterwards', () => {
    const pool = new EndpointPool()
    const set = new UpstreamSet(pool)
    const one = set.acquire(identity)
    const two = set.acquire({ ...identity, key: 'other', hostMode: 'upstream' })
    one.assign([endpoint('a'), endpoint('b')])
    two.assign([endpoint('b')])
    stateOf(one, 'b').connectFailed(0)
    expect(stateOf(two, 'b').failures).toBe(1)
    expect(pool.size).toBe(2)
    one.assign([endpoint('a')])
    one.assign([endpoint('a'), endpoint('b')])
    expect(stateOf(one, 'b').failures).toBe(1)
    set.release([one])
    expect(pool.size).toBe(1)
    set.release([two])
    expect(pool.size).toBe(0)
  })

  it('gives the same upstream for the same identity, also after a generation with another one was given up', () => {
    const set = new UpstreamSet(new EndpointPool())
    const running = set.acquire(identity)
    expect(set.acquire(identity)).toBe(running)
    const tried = set.acquire({ ...identity, hostMode: 'upstream' })
    expect(tried).not.toBe(running)
    set.release([tried])
    expect(set.acquire(identity)).toBe(running)
    set.release([running, running, running])
    expect(set.acquire(identity)).not.toBe(running)
  })
})
