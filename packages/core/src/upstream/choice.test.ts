import { balancingPolicy } from './balancing.ts'
import { Choice } from './choice.ts'
import { describe, expect, it } from 'vitest'
import { endpointOf, endpointsOf, seeded } from './balancers/balancers.fixture.ts'
import { HeaderList } from '../headers.ts'
import type { BalancerName, GatewayBalancingSettings, OwnBalancingSettings } from './balancing.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { RequestContext } from '../exchange/context.ts'

interface Asked {
  readonly ip?: string
  readonly target?: string
  readonly fields?: readonly string[]
  readonly subset?: Record<string, string[]>
  readonly tried?: readonly LiveEndpoint[]
  readonly secure?: boolean
}

function request({ ip = '192.0.2.1', target = '/', fields = [], subset, tried = [], secure = false }: Asked = {}): RequestContext {
  return {
    route: { subset: subset ?? null },
    attempts: tried.map((endpoint) => ({ endpoint, ms: 1 })),
    client: { ip, secure },
    request: { method: 'GET', target, headers: new HeaderList([...fields]) },
  } as unknown as RequestContext
}

function choiceOf(endpoints: readonly LiveEndpoint[], own: OwnBalancingSettings, gateway: GatewayBalancingSettings = {}): Choice {
  const choice = new Choice('up', balancingPolicy(own, gateway), seeded(2))
  choice.assign(endpoints, 0)
  return choice
}

function shares(choice: Choice, { picks = 2_000, now = 0, asked = {} as Asked } = {}): Record<string, number> {
  const seen: Record<string, number> = {}
  for (let i = 0; i < picks; i++) {
    const picked = choice.pick(request({ ip: `10.0.${i >> 8}.${i & 255}`, ...asked }), now)
    if (picked !== undefined) seen[picked.id] = (seen[picked.id] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(seen).map(([id, count]) => [id, Math.round((count / picks) * 100) / 100]))
}

const out = (endpoint: LiveEndpoint): LiveEndpoint => {
  endpoint.state.verdict = { healthy: false } as never
  return endpoint
}
const back = (endpoint: LiveEndpoint): LiveEndpoint => {
  endpoint.state.verdict = null
  return endpoint
}

describe('hash_on', () => {
  const home = (choice: Choice, asked: Asked): string => choice.pick(request(asked), 0)!.id

  it('ip: a client stays, clients of IPv6 by their network', () => {
    const choice = choiceOf(endpointsOf([1, 1, 1, 1, 1]), { loadBalance: 'rendezvous' })
    for (let i = 0; i < 20; i++) expect(home(choice, { ip: `10.1.1.${i}` })).toBe(home(choice, { ip: `10.1.1.${i}` }))
    expect(home(choice, { ip: '2001:db8:1:2::1' })).toBe(home(choice, { ip: '2001:db8:1:2:9999::77' }))
    expect(new Set(Array.from({ length: 40 }, (_, i) => home(choice, { ip: `2001:db8:${i}::1` }))).size).toBe(5)
  })

  it('uri: the path without the query', () => {
    const choice = choiceOf(endpointsOf([1, 1, 1, 1, 1]), { loadBalance: 'maglev', hashOn: 'uri' })
    expect(home(choice, { target: '/a/7?x=1' })).toBe(home(choice, { target: '/a/7' }))
    expect(new Set(Array.from({ length: 40 }, (_, i) => home(choice, { target: `/a/${i}` }))).size).toBe(5)
  })

  it.each([
    ['header:X-Tenant', ['x-tenant', 'T']],
    ['cookie:tenant', ['Cookie', 'a=b; tenant=T; c=d']],
  ] as const)('%s, and without it any instance', (hashOn, fields) => {
    const choice = choiceOf(endpointsOf([1, 1, 1, 1, 1]), { loadBalance: 'ring-hash', hashOn })
    const of = (value: string): string => home(choice, { fields: fields.map((field) => field.replace('T', value)) })
    for (let i = 0; i < 20; i++) expect(of(`t${i}`)).toBe(of(`t${i}`))
    expect(new Set(Array.from({ length: 40 }, (_, i) => of(`t${i}`))).size).toBe(5)
    // Not one instance for all of them.
    expect(Object.keys(shares(choice, { picks: 200, asked: { ip: '10.0.0.1' } }))).toHaveLength(5)
  })

  it('a client whose address is not known goes anywhere', () => {
    const choice = choiceOf(endpointsOf([1, 1, 1]), { loadBalance: 'ring-hash' })
    expect(Object.keys(shares(choice, { picks: 100, asked: { ip: '' } }))).toHaveLength(3)
  })
})

const NAMES: BalancerName[] = ['round-robin', 'least-requests', 'ewma', 'random', 'ring-hash', 'maglev', 'rendezvous']

describe.each(NAMES)('with %s', (loadBalance) => {
  it('a subset, what was tried, and what is out are passed over; of what is out one may be tried at the end', () => {
    const endpoints = endpointsOf([1, 1, 1, 0]).map((one, i) => ({ ...one, labels: { v: String(i % 2) } }))
    const choice = choiceOf(endpoints, { loadBalance })
    const [zero, one, two] = endpoints as unknown as [LiveEndpoint, LiveEndpoint, LiveEndpoint]
    expect(Object.keys(shares(choice, { picks: 100, asked: { subset: { v: ['0'] } } })).sort()).toEqual(['0', '2'])
    expect(shares(choice, { picks: 50, asked: { tried: [zero, two] } })).toEqual({ 1: 1 })
    out(one)
    out(zero)
    expect(shares(choice, { picks: 50 })).toEqual({ 2: 1 })
    expect(choice.pick(request({ tried: [two] }), 0)).toBeUndefined()
    back(zero).state.outlier.ejectedUntil = 1_000
    expect(choice.pick(request({ tried: [two] }), 0)!.id).toBe('0')
  })

  it('keeps to priorities, and overflows', () => {
    const endpoints = Array.from({ length: 8 }, (_, i) => endpointOf(String(i), { priority: i < 4 ? 0 : 1 }))
    const choice = choiceOf(endpoints, { loadBalance })
    const second = (now: number): number =>
      Object.entries(shares(choice, { now })).reduce((sum, [id, share]) => sum + (Number(id) >= 4 ? share : 0), 0)
    expect(second(0)).toBe(0)
    endpoints.slice(0, 2).forEach(out)
    // Noticed after the time of a survey at the latest.
    expect(second(100)).toBeGreaterThan(0.25)
    expect(second(100)).toBeLessThan(0.35)
    endpoints.slice(0, 4).forEach(out)
    expect(second(100)).toBeGreaterThan(0.98)
    expect(second(200)).toBeGreaterThan(0.98)
    endpoints.slice(0, 7).forEach(out)
    expect(shares(choice, { now: 300 })).toEqual({ 7: 1 })
  })

  it('prefers its own zone as long as that is enough', () => {
    const endpoints = ['a', 'a', 'b', 'b', 'c', 'c'].map((zone, i) => endpointOf(String(i), { zone }))
    const choice = choiceOf(endpoints, { loadBalance }, { zone: 'a' })
    expect(Object.keys(shares(choice)).sort()).toEqual(['0', '1'])
    out(endpoints[0]!)
    const spilled = shares(choice, { now: 100 })
    expect(Math.abs(spilled['1']! - 0.6)).toBeLessThan(0.05)
    expect(Object.keys(spilled).sort()).toEqual(['1', '2', '3', '4', '5'])
    out(endpoints[1]!)
    expect(shares(choice, { now: 101 })['1']).toBeUndefined()
    expect(Object.keys(shares(choiceOf(endpoints.map(back), { loadBalance }))).length).toBe(6)
  })

  it('a new endpoint grows into its share', () => {
    const endpoints = endpointsOf([1, 1, 1])
    const choice = choiceOf(endpoints.slice(0, 2), { loadBalance, slowStart: { window: '10s' } })
    choice.assign(endpoints, 1_000)
    const at = (now: number): number => shares(choice, { now, picks: 4_000 })['2'] ?? 0
    const growth = [1_000, 6_000, 11_000].map(at)
    expect(growth[0]).toBeGreaterThan(0)
    expect(growth[0]).toBeLessThan(0.1)
    expect(growth[1]).toBeGreaterThan(growth[0]!)
    expect(growth[1]).toBeLessThan(0.26)
    expect(growth[2]).toBeGreaterThan(0.24)
    out(endpoints[2]!)
    at(20_000)
    back(endpoints[2]!)
    at(20_100)
    expect(at(20_200)).toBeLessThan(0.1)
    // Alone it takes everything at once.
    out(endpoints[0]!)
    out(endpoints[1]!)
    expect(at(20_300)).toBe(1)
  })

  it('panics below the threshold, and without one never while an endpoint is in order', () => {
    const endpoints = endpointsOf([1, 1, 1, 1])
    const brave = choiceOf(endpoints, { loadBalance, panicThreshold: 50 })
    const plain = choiceOf(endpoints, { loadBalance })
    endpoints.slice(0, 2).forEach(out)
    expect(Object.keys(shares(brave, { now: 100 })).sort()).toEqual(['2', '3'])
    out(endpoints[2]!)
    expect(Object.keys(shares(brave, { now: 200 })).sort()).toEqual(['0', '1', '2', '3'])
    expect(shares(plain, { now: 200 })).toEqual({ 3: 1 })
  })

  it('keeps a client where its cookie says, unless that is out, gone or tried', () => {
    const endpoints = endpointsOf([1, 1, 1, 1])
    const choice = choiceOf(endpoints, { loadBalance, sticky: { cookie: 'at' } })
    const response = new HeaderList()
    choice.sticky!.set(request({}), endpoints[2]!, response)
    const cookie = /^at=([^;]+)/.exec(response.get('set-cookie')!)![0]
    const asked = { fields: ['Cookie', `x=1; ${cookie}`] }
    expect(shares(choice, { picks: 50, asked })).toEqual({ 2: 1 })
    out(endpoints[2]!)
    expect(shares(choice, { picks: 50, asked })['2']).toBeUndefined()
    expect(shares(choice, { picks: 50, asked: { ...asked, tried: [back(endpoints[2]!)] } })['2']).toBeUndefined()
    choice.assign(endpoints.slice(0, 2), 0)
    expect(Object.keys(shares(choice, { picks: 50, asked })).sort()).toEqual(['0', '1'])
    choice.assign([endpoints[0]!, { ...endpoints[2]!, weight: 0 }], 0)
    expect(shares(choice, { picks: 50, asked })).toEqual({ 0: 1 })
  })
})

describe('where keys are hashed', () => {
  it('a key stays at its side of the border while requests spill over it', () => {
    const endpoints = ['a', 'a', 'b', 'b', 'c', 'c'].map((zone, i) => endpointOf(String(i), { zone }))
    const choice = choiceOf(endpoints, { loadBalance: 'ring-hash' }, { zone: 'a' })
    out(endpoints[0]!)
    for (let i = 0; i < 50; i++) {
      const asked = request({ ip: `10.0.0.${i}` })
      expect(new Set(Array.from({ length: 5 }, () => choice.pick(asked, 100)!.id)).size).toBe(1)
    }
  })

  it('a key moves to a growing endpoint once, and not back', () => {
    const endpoints = endpointsOf([1, 1, 1])
    const choice = choiceOf(endpoints.slice(0, 2), { loadBalance: 'rendezvous', slowStart: { window: 10_000 } })
    choice.assign(endpoints, 0)
    for (let i = 0; i < 50; i++) {
      const homes = Array.from({ length: 21 }, (_, step) => choice.pick(request({ ip: `10.0.0.${i}` }), step * 500)!.id)
      const moves = homes.filter((id, step) => step > 0 && id !== homes[step - 1])
      expect(moves.length).toBeLessThanOrEqual(1)
      if (moves.length === 1) expect(moves[0]).toBe('2')
    }
  })
})
