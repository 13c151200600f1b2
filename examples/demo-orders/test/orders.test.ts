import { expect, test } from 'vitest'
import { startExample } from '../../../tests/support/examples.ts'
import { expectEveryOperation, expectPublished } from '../../../tests/support/service-example.ts'

const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

test('publishes what it serves and serves what it publishes', async () => {
  await using orders = await startExample('demo-orders')
  const document = await expectPublished(orders.url, 'orders')
  await expectEveryOperation(orders.url, document, '1001')
})

test('quotes, sells and changes the status', async () => {
  await using orders = await startExample('demo-orders')
  const items = [{ sku: 'espresso', quantity: 2 }]
  expect(await (await post(`${orders.url}/quotes`, { items })).json()).toEqual({ total: 25 })
  const placed = await post(`${orders.url}/purchases`, { customer: 'ada', items })
  expect(placed.status).toBe(201)
  const { id } = (await placed.json()) as { id: string }
  await fetch(`${orders.url}/purchases/${id}`, { method: 'PATCH', body: JSON.stringify({ status: 'shipped' }) })
  const shipped = (await (await fetch(`${orders.url}/purchases?status=shipped`)).json()) as { id: string }[]
  expect(shipped.map((order) => order.id)).toEqual([id])
})

test('refuses what does not fit', async () => {
  await using orders = await startExample('demo-orders')
  for (const body of [
    {},
    null,
    { items: [] },
    { items: [null] },
    { items: [{ sku: 'tea', quantity: 1 }] },
    { items: [{ sku: 'espresso', quantity: 0 }] },
  ]) {
    expect((await post(`${orders.url}/quotes`, body)).status, JSON.stringify(body)).toBe(422)
  }
})
