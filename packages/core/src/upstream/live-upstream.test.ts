import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EndpointPool } from './endpoint-state.ts'
import { LiveUpstream, PLAIN_SETTINGS } from './live-upstream.ts'
import { UpstreamSet } from './upstream-set.ts'
import type { Attempt } from '../exchange/context.ts'
import type { Endpoint } from './endpoint.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { UpstreamContext } from './upstream-context.ts'

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

function context(subset: Record<string, string[]> | null = null, tried: LiveEndpoint[] = []): UpstreamContext {
  const attempts: Attempt[] = tried.map((one) => ({ endpoint: one, ms: 1 }))
  return { route: { subset }, attempts, pending: null } as unknown as UpstreamContext
}

const pickMany = (upstream: LiveUpstream, times: number): string[] => Array.from({ length: times }, () => upstream.pick(context())!.id)
const stateOf = (upstream: LiveUpstream, id: string): LiveEndpoint['state'] =>
  (upstream.endpoints as LiveEndpoint[]).find((one) => one.id === id)!.state

const unreachable = (upstream: LiveUpstream, id: string): void =>
  void stateOf(upstream, id).circuit.unreachable(performance.now(), null, PLAIN_SETTINGS.health.breaker)

describe('the passive rule', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('takes an endpoint out for 1 s, doubling to 30 s', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      unreachable(upstream, 'a')
      pauses.push(stateOf(upstream, 'a').outFor(performance.now()))
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
      unreachable(upstream, 'a')
      vi.advanceTimersByTime(1)
    }
    expect(stateOf(upstream, 'a').circuit.refusals).toBe(1)
    expect(stateOf(upstream, 'a').outFor(performance.now())).toBe(950)
  })

  it('lets one request at a time try it again', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    unreachable(upstream, 'a')
    vi.advanceTimersByTime(1_000)
    const picked = Array.from({ length: 20 }, () => upstream.pick(context())!)
    const tried = picked.filter(({ id }) => id === 'a')
    expect(tried).toHaveLength(1)
    vi.advanceTimersByTime(60_000)
    expect(pickMany(upstream, 20)).not.toContain('a')
    stateOf(upstream, 'a').circuit.succeeded(tried[0]!.trial!)
    expect(pickMany(upstream, 20).filter((id) => id === 'a')).toHaveLength(10)
  })

  it('spends the trial only on a request that is really sent there, whatever the weights', () => {
    const upstream = upstreamOf(endpoint('a', { weight: 1 }), endpoint('b', { weight: 5 }))
    unreachable(upstream, 'a')
    vi.advanceTimersByTime(1_000)
    expect(pickMany(upstream, 8)).toContain('a')
  })

  it('falls back to an endpoint that is out when all are', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    for (const id of ['a', 'b']) unreachable(upstream, id)
    const first = upstream.pick(context())!
    const second = upstream.pick(context(null, [first]))!
    expect([first.id, second.id].sort()).toEqual(['a', 'b'])
    expect(upstream.pick(context(null, [first, second]))).toBeUndefined()
  })

  it('shows it', () => {
    const upstream = upstreamOf(endpoint('a', { labels: { version: '1' } }), endpoint('b'))
    unreachable(upstream, 'a')
    expect(upstream.status(performance.now())).toEqual([
      {
        ...FRESH,
        id: 'a',
        origin: 'http://a.test',
        weight: 1,
        labels: { version: '1' },
        state: 'out',
        reason: 'unreachable',
        outForMs: 1_000,
        refusals: 1,
        circuit: 'open',
      },
      { ...FRESH, id: 'b', origin: 'http://b.test', weight: 1, labels: {} },
    ])
  })
})

const FRESH = {
  state: 'available',
  reason: null,
  since: null,
  outForMs: 0,
  active: 0,
  failures: 0,
  cuts: 0,
  refusals: 0,
  ejections: 0,
  circuit: 'closed',
  check: null,
}

describe('an upstream', () => {
  it('keeps to the subset of the route, also when it falls back', () => {
    const upstream = upstreamOf(
      endpoint('a', { labels: { v: '1', zone: 'x' } }),
      endpoint('b', { labels: { v: '2', zone: 'x' } }),
      endpoint('c'),
    )
    const seen = new Set(Array.from({ length: 30 }, () => upstream.pick(context({ v: ['1', '2'], zone: ['x'] }))!.id))
    expect([...seen].sort()).toEqual(['a', 'b'])
    unreachable(upstream, 'a')
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

describe('[R35] a trial', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('[R35] is given back by a request that picks again without having sent anything', () => {
    const upstream = upstreamOf(endpoint('a'), endpoint('b'))
    for (const id of ['a', 'b']) unreachable(upstream, id)
    vi.advanceTimersByTime(1_000)
    const ctx = context()
    const first = upstream.pick(ctx)!
    const second = upstream.pick(ctx)!
    expect([first.trial!.hasPlace, second.trial!.hasPlace, second.id]).toEqual([false, true, first.id === 'a' ? 'b' : 'a'])
    expect(upstream.pick(context())!.id).toBe(first.id)
  })
})

describe('the pool of states', () => {
  const identity = { key: 'k', name: 'up', ...PLAIN_SETTINGS } as const

  it('[R34] keeps a state while any upstream mentions its endpoint, and is empty afterwards', () => {
    const set = new UpstreamSet()
    const one = set.acquire(identity)
    const two = set.acquire({ ...identity, hostMode: 'upstream' })
    const { pool } = one
    one.assign([endpoint('a'), endpoint('b')])
    two.assign([endpoint('b')])
    unreachable(one, 'b')
    expect(stateOf(two, 'b').circuit.refusals).toBe(1)
    expect(pool.size).toBe(2)
    one.assign([endpoint('a')])
    one.assign([endpoint('a'), endpoint('b')])
    expect(stateOf(one, 'b').circuit.refusals).toBe(1)
    set.release([one])
    expect(pool.size).toBe(1)
    set.release([two])
    expect([pool.size, set.size]).toEqual([0, 0])
  })

  it('knows an endpoint of two upstreams twice: what fails for one may work for the other', () => {
    const set = new UpstreamSet()
    const one = set.acquire(identity)
    const other = set.acquire({ ...identity, key: 'other', name: 'another' })
    for (const upstream of [one, other]) upstream.assign([endpoint('a')])
    unreachable(one, 'a')
    expect(stateOf(one, 'a').circuit.refusals).toBe(1)
    expect(stateOf(other, 'a').circuit.refusals).toBe(0)
  })

  it('gives the same upstream for the same identity, also after a generation with another one was given up', () => {
    const set = new UpstreamSet()
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
