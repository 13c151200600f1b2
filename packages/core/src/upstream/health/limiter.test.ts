import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GatewayError } from '../../errors.ts'
import { Limiter } from './limiter.ts'
import type { Guest } from './limiter.ts'

const guest = (): Guest => ({ waiting: null, place: null })

/** What becomes of somebody who wants a place. */
function entering(limiter: Limiter): { readonly guest: Guest; state: string } {
  const one = { guest: guest(), state: 'waits' }
  const turn = limiter.enter(one.guest)
  if (turn === null) one.state = 'in'
  else
    turn.then(
      () => (one.state = 'in'),
      (error: GatewayError) => (one.state = error.code),
    )
  return one
}

const settled = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined)

describe('a limit for requests at a time', () => {
  let limiter: Limiter
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    limiter = new Limiter()
    limiter.configure({ max: 2, queue: 2, queueTimeout: 1_000 })
  })
  afterEach(() => void vi.useRealTimers())

  it('gives places at once, then in the order of coming, and refuses what is more than the queue holds', async () => {
    const all = Array.from({ length: 5 }, () => entering(limiter))
    await settled()
    expect(all.map(({ state }) => state)).toEqual(['in', 'in', 'waits', 'waits', 'OVERLOADED'])
    limiter.leave(all[1]!.guest)
    await settled()
    expect(all.map(({ state }) => state)).toEqual(['in', 'in', 'in', 'waits', 'OVERLOADED'])
    expect(limiter.status).toEqual({ max: 2, active: 2, queued: 1, refused: 1, timedOut: 0 })
    for (const { guest: one } of all) limiter.leave(one)
    await settled()
    expect(all[3]!.state).toBe('in')
    expect(limiter.active).toBe(0)
  })

  it('never lets a newcomer pass those who wait', async () => {
    const [first, , third] = [entering(limiter), entering(limiter), entering(limiter)]
    limiter.leave(first.guest)
    const late = entering(limiter)
    await settled()
    expect([third.state, late.state]).toEqual(['in', 'waits'])
  })

  it('refuses who waited too long, each after its own time', async () => {
    const holders = [entering(limiter), entering(limiter)]
    const early = entering(limiter)
    await vi.advanceTimersByTimeAsync(600)
    const late = entering(limiter)
    await vi.advanceTimersByTimeAsync(399)
    expect(early.state).toBe('waits')
    await vi.advanceTimersByTimeAsync(1)
    expect([early.state, late.state]).toEqual(['OVERLOADED', 'waits'])
    await vi.advanceTimersByTimeAsync(600)
    expect(late.state).toBe('OVERLOADED')
    expect(limiter.status).toMatchObject({ active: 2, queued: 0, timedOut: 2 })
    for (const { guest: one } of holders) limiter.leave(one)
    expect([limiter.active, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('tells those it refuses when to come again', async () => {
    limiter.configure({ max: 1, queue: 0, queueTimeout: 1_000 })
    entering(limiter)
    const error = await limiter.enter(guest())!.catch((thrown: unknown) => thrown as GatewayError)
    expect(error).toMatchObject({ code: 'OVERLOADED', retryAfter: 1 })
    expect((error as GatewayError).toReply().headers.get('retry-after')).toBe('1')
  })

  it('removes who gives up at once, wherever it stands', async () => {
    limiter.configure({ max: 1, queue: 9, queueTimeout: 1_000 })
    const holder = entering(limiter)
    const waiting = Array.from({ length: 3 }, () => entering(limiter))
    waiting[1]!.guest.waiting!.abort(new GatewayError('CLIENT_CLOSED'))
    await settled()
    expect(waiting.map(({ state }) => state)).toEqual(['waits', 'CLIENT_CLOSED', 'waits'])
    expect([limiter.queued, waiting[1]!.guest.waiting]).toEqual([2, null])
    limiter.leave(holder.guest)
    limiter.leave(waiting[0]!.guest)
    await settled()
    expect(waiting.map(({ state }) => state)).toEqual(['in', 'CLIENT_CLOSED', 'in'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives back a place once, and a place to a guest once', () => {
    const one = entering(limiter)
    expect(limiter.enter(one.guest)).toBeNull()
    expect(limiter.active).toBe(1)
    limiter.leave(one.guest)
    limiter.leave(one.guest)
    expect(limiter.active).toBe(0)
  })

  it('[R34] follows new settings without forgetting who is in', async () => {
    const all = Array.from({ length: 4 }, () => entering(limiter))
    limiter.configure({ max: 3, queue: 2, queueTimeout: 1_000 })
    await settled()
    expect(all.map(({ state }) => state)).toEqual(['in', 'in', 'in', 'waits'])
    limiter.configure(null)
    await settled()
    expect(all[3]!.state).toBe('in')
    limiter.configure({ max: 1, queue: 0, queueTimeout: 1_000 })
    const late = entering(limiter)
    await settled()
    expect([limiter.active, late.state]).toEqual([4, 'OVERLOADED'])
  })
})
