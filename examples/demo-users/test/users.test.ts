import { expect, test } from 'vitest'
import { startExample } from '../../../tests/support/examples.ts'
import { expectEveryOperation, expectPublished } from '../../../tests/support/service-example.ts'

test('publishes what it serves and serves what it publishes', async () => {
  await using users = await startExample('demo-users')
  const document = await expectPublished(users.url, 'users')
  await expectEveryOperation(users.url, document, 'ada')
})

test('keeps a new profile and refuses a wrong one with the reason', async () => {
  await using users = await startExample('demo-users')
  const add = (profile: object) => fetch(`${users.url}/profiles`, { method: 'POST', body: JSON.stringify(profile) })
  const alan = { id: 'alan', name: 'Alan Turing', email: 'alan@example.com', team: 'shop' }
  expect((await add(alan)).status).toBe(201)
  expect(await (await fetch(`${users.url}/profiles/alan`)).json()).toEqual(alan)
  const refused = await add({ ...alan, team: 'nobody' })
  expect(refused.status).toBe(422)
  expect(await refused.json()).toEqual({ error: 'team must be one of roastery, shop.' })
  const shop = (await (await fetch(`${users.url}/profiles?team=shop`)).json()) as { id: string }[]
  expect(shop.map((one) => one.id)).toEqual(['grace', 'alan'])
})
