import { describe, expect, it } from 'vitest'
import { endpointsOf, everybody, seeded } from './balancers.fixture.ts'
import { ewma, leastRequests } from './two-choices.ts'
import type { Balancer } from './balancer.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** How an endpoint answers at a time: after how long, and whether well. */
type Behaviour = (now: number) => { readonly ms: number; readonly isGood: boolean }

const answers =
  (ms: number): Behaviour =>
  () => ({ ms, isGood: true })
const failsAtOnce: Behaviour = () => ({ ms: 0.2, isGood: false })

/** Requests at a steady rate through simulated time: who got how many, of the second half. */
function simulate(balancer: Balancer, behaviours: readonly Behaviour[], { ms = 20_000, every = 2, from = 0 } = {}): number[] {
  const among = everybody()
  const seen = behaviours.map(() => 0)
  let running: { at: number; endpoint: LiveEndpoint; ms: number; isGood: boolean }[] = []
  for (let now = from; now < from + ms; now += every) {
    among.now = now
    const over = running.filter(({ at }) => at <= now)
    running = running.filter(({ at }) => at > now)
    for (const { endpoint, at, ...result } of over) {
      endpoint.state.active -= 1
      balancer.attempted!(endpoint, result, at)
    }
    const endpoint = balancer.pick(among)!
    const result = behaviours[Number(endpoint.id)]!(now)
    endpoint.state.active += 1
    running.push({ at: now + result.ms, endpoint, ...result })
    if (now >= from + ms / 2) seen[Number(endpoint.id)]! += 1
  }
  for (const { endpoint } of running) endpoint.state.active -= 1
  const total = seen.reduce((sum, count) => sum + count, 0)
  return seen.map((count) => count / total)
}

describe.each([
  ['least-requests', leastRequests],
  ['ewma', ewma],
])('%s', (_name, make) => {
  it('[R35] an endpoint that fails at once attracts no requests', () => {
    const shares = simulate(make(endpointsOf([1, 1, 1]), seeded()), [answers(50), answers(50), failsAtOnce])
    expect(shares[2]).toBeLessThan(0.05)
    expect(Math.abs(shares[0]! - shares[1]!)).toBeLessThan(0.1)
  })

  it('an endpoint that fails at once from the first request on attracts none when requests are rare, either', () => {
    expect(simulate(make(endpointsOf([1, 1]), seeded()), [answers(5), failsAtOnce], { every: 50 })[1]).toBeLessThan(0.2)
  })

  it('a few failures cost little, and an endpoint that works again gets its share back', () => {
    const random = seeded(5)
    const sometimes: Behaviour = () => ({ ms: 20, isGood: random() > 0.01 })
    const balancer = make(endpointsOf([1, 1, 1]), seeded())
    expect(simulate(balancer, [answers(20), answers(20), sometimes])[2]).toBeGreaterThan(0.2)
    simulate(balancer, [answers(20), answers(20), failsAtOnce], { from: 20_000 })
    expect(simulate(balancer, [answers(20), answers(20), answers(20)], { from: 40_000, ms: 120_000, every: 10 })[2]).toBeGreaterThan(0.2)
  })

  it('a slow endpoint gets fewer', () => {
    expect(simulate(make(endpointsOf([1, 1, 1]), seeded()), [answers(10), answers(10), answers(200)])[2]).toBeLessThan(0.15)
  })

  it('under load, shares follow the weights', () => {
    const shares = simulate(make(endpointsOf([1, 2, 5]), seeded()), [answers(80), answers(80), answers(80)])
    ;[1 / 8, 2 / 8, 5 / 8].forEach((share, i) => expect(Math.abs(shares[i]! - share)).toBeLessThan(0.06))
  })

  it('[R35] counts the requests that are really on an endpoint, whoever holds it', () => {
    const [idle, busy] = endpointsOf([1, 1])
    const copy = { ...busy! }
    const balancer = make([idle!, copy], seeded())
    for (const endpoint of [idle!, copy]) balancer.attempted!(endpoint, { ms: 10, isGood: true }, 0)
    busy!.state.active = 3
    for (let i = 0; i < 50; i++) expect(balancer.pick(everybody())!.id).toBe('0')
  })
})

describe('ewma', () => {
  it('a peak counts at once, and fades: no endpoint is forgotten for ever', () => {
    const [a, b] = endpointsOf([1, 1])
    const balancer = ewma([a!, b!], seeded())
    const among = everybody()
    for (const endpoint of [a!, b!]) balancer.attempted!(endpoint, { ms: 10, isGood: true }, 0)
    balancer.attempted!(a!, { ms: 900, isGood: true }, 1)
    among.now = 2
    for (let i = 0; i < 50; i++) expect(balancer.pick(among)!.id).toBe('1')
    // The other one is measured again and again meanwhile.
    for (let now = 100; now <= 60_000; now += 100) balancer.attempted!(b!, { ms: 10, isGood: true }, now)
    among.now = 60_000
    expect(balancer.pick(among)!.id).toBe('0')
  })

  it('one that was never measured gets a request, and no second before the first is answered', () => {
    const endpoints = endpointsOf([1, 1, 1])
    const balancer = ewma(endpoints, seeded())
    const among = everybody()
    for (const endpoint of endpoints.slice(0, 2)) balancer.attempted!(endpoint, { ms: 40, isGood: true }, 0)
    const unknown = endpoints[2]!
    let got = 0
    for (let i = 0; i < 200; i++) {
      if (balancer.pick(among) !== unknown) continue
      got += 1
      unknown.state.active = got
    }
    expect(got).toBe(1)
  })

  it('remembers what was measured over another list', () => {
    const endpoints = endpointsOf([1, 1])
    const balancer = ewma(endpoints, seeded())
    balancer.attempted!(endpoints[0]!, { ms: 500, isGood: true }, 0)
    balancer.attempted!(endpoints[1]!, { ms: 5, isGood: true }, 0)
    const after = balancer.over(endpoints)
    for (let i = 0; i < 20; i++) expect(after.pick(everybody())!.id).toBe('1')
  })
})
