import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions } from './semver.ts'

describe('compareVersions', () => {
  it('orders as semver does, with what is no semver lowest', () => {
    const ordered = [
      undefined,
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      'v1.2',
      '1.10.0',
      '2',
    ]
    const shuffled = ordered.toReversed().sort(compareVersions)
    // Array.prototype.sort puts undefined last whatever the comparison says.
    expect(shuffled.slice(0, -1)).toEqual(ordered.slice(1))
    expect(compareVersions(undefined, '0.0.1')).toBeLessThan(0)
    expect(compareVersions('nonsense', '0.0.1-a')).toBeLessThan(0)
    expect(compareVersions('nonsense', undefined)).toBe(0)
    expect(compareVersions('v1.2.3', '1.2.3+build')).toBe(0)
  })

  it('property: is an order', () => {
    const part = fc.nat({ max: 3 })
    const version = fc.oneof(
      fc.tuple(part, part, part, fc.constantFrom('', '-a', '-1', '-a.1', '-a.b')).map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`),
      fc.constantFrom('x', 'v1'),
    )
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0)
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})
