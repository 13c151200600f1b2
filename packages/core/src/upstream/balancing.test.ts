import { balancingIssues, balancingPolicy } from './balancing.ts'
import { describe, expect, it } from 'vitest'
import type { OwnBalancingSettings } from './balancing.ts'

const paths = (settings: OwnBalancingSettings & { zone?: string }, gateway = {}): string[] =>
  balancingIssues(settings, 'u', gateway).map(({ code, path }) => `${code} ${path}`)

describe('settings of balancing', () => {
  it('an upstream says more than the gateway', () => {
    const gateway = { loadBalance: 'maglev', slowStart: { window: '5s' }, panicThreshold: 20, zone: 'z' } as const
    expect(balancingPolicy({}, gateway)).toEqual({
      loadBalance: 'maglev',
      hashOn: 'ip',
      sticky: null,
      slowStart: { window: 5_000, aggression: 1 },
      panicThreshold: 20,
      zone: 'z',
    })
    const own = {
      loadBalance: 'ewma',
      slowStart: { window: 1, aggression: 2 },
      panicThreshold: 0,
      sticky: { cookie: 'c', ttl: '1m' },
    } as const
    expect(balancingPolicy(own, gateway)).toEqual({
      loadBalance: 'ewma',
      hashOn: null,
      sticky: { cookie: 'c', ttl: 60_000, path: '/' },
      slowStart: { window: 1, aggression: 2 },
      panicThreshold: 0,
      zone: 'z',
    })
  })

  it('tells what is wrong, and where', () => {
    expect(paths({ loadBalance: 'toString' as never })).toEqual(['invalid_value u.loadBalance'])
    expect(paths({ hashOn: 'uri' })).toEqual(['conflicting_keys u.hashOn'])
    expect(paths({ hashOn: 'uri', loadBalance: 'random' }, { loadBalance: 'maglev' })).toEqual(['conflicting_keys u.hashOn'])
    expect(paths({ hashOn: 'uri' }, { loadBalance: 'maglev' })).toEqual([])
    for (const hashOn of ['header:', 'header:a b', 'query:a', 'IP'])
      expect(paths({ loadBalance: 'maglev', hashOn: hashOn as never })).toEqual(['invalid_value u.hashOn'])
    expect(paths({ sticky: { cookie: '', ttl: 999, path: 'x' } })).toEqual([
      'invalid_value u.sticky.cookie',
      'invalid_value u.sticky.ttl',
      'invalid_value u.sticky.path',
    ])
    for (const path of ['/a;Domain=x', '/a b', '/a\r\n'])
      expect(paths({ sticky: { cookie: 'c', path } })).toEqual(['invalid_value u.sticky.path'])
    expect(paths({ slowStart: { window: 0, aggression: Number.NaN } })).toEqual([
      'invalid_value u.slowStart.window',
      'invalid_value u.slowStart.aggression',
    ])
    expect(paths({ slowStart: { window: '5' as never }, panicThreshold: -1, zone: '' })).toEqual([
      'invalid_value u.slowStart.window',
      'invalid_value u.panicThreshold',
      'invalid_value u.zone',
    ])
  })
})
