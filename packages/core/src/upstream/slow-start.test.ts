import { describe, expect, it } from 'vitest'
import { endpointOf } from './balancers/balancers.fixture.ts'
import { SlowStarts } from './slow-start.ts'

const [a, b] = [endpointOf('a'), endpointOf('b')]

describe('slow starts', () => {
  it('the first endpoints have their full share, one that joins them grows into it', () => {
    const starts = new SlowStarts({ window: 1_000, aggression: 1 })
    starts.assign([a], 0)
    expect(starts.share(a, 0)).toBe(1)
    starts.assign([a, b], 5_000)
    const shares = [5_000, 5_050, 5_250, 5_500, 5_999, 6_000, 9_000].map((now) => starts.share(b, now))
    expect(shares).toEqual([0.1, 0.1, 0.25, 0.5, 0.999, 1, 1])
    expect(starts.share(a, 5_000)).toBe(1)
  })

  it('aggression bends the way', () => {
    const at = (aggression: number): number => {
      const starts = new SlowStarts({ window: 1_000, aggression })
      starts.assign([a], 0)
      starts.assign([a, b], 0)
      return starts.share(b, 250)
    }
    expect([at(2), at(1), at(0.5)]).toEqual([0.5, 0.25, 0.1])
  })

  it('one that was out begins again when it is seen to be back', () => {
    const starts = new SlowStarts({ window: 1_000, aggression: 1 })
    starts.assign([a, b], 0)
    starts.saw(b, false, 100)
    starts.saw(b, true, 4_000)
    expect([starts.share(b, 4_000), starts.share(b, 4_500)]).toEqual([0.1, 0.5])
    starts.saw(b, true, 4_500)
    expect(starts.share(b, 4_750)).toBe(0.75)
  })

  it('one that goes and comes again is new', () => {
    const starts = new SlowStarts({ window: 1_000, aggression: 1 })
    starts.assign([a, b], 0)
    starts.assign([a], 10)
    starts.assign([a, b], 5_000)
    expect(starts.share(b, 5_100)).toBe(0.1)
  })
})
