import { expect, it } from 'vitest'
import { PLAIN_SETTINGS } from './live-upstream.ts'
import { UpstreamSet } from './upstream-set.ts'

it('[R34] an upstream with other settings goes on with the budget of the one it replaces', () => {
  const upstreams = new UpstreamSet()
  const before = upstreams.acquire({ ...PLAIN_SETTINGS, key: 'up', name: 'up' })
  const after = upstreams.acquire({ ...PLAIN_SETTINGS, key: 'up', name: 'up', hostMode: 'upstream' })
  const other = upstreams.acquire({ ...PLAIN_SETTINGS, key: 'other', name: 'other' })
  expect(after).not.toBe(before)
  expect([after.retryBudget === before.retryBudget, other.retryBudget === before.retryBudget]).toEqual([true, false])
})
