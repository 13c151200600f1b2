import { expect, test } from 'vitest'
import { startExample } from '../../../tests/support/examples.ts'
import { expectEveryOperation, expectPublished } from '../../../tests/support/service-example.ts'

test('publishes what it serves and serves what it publishes', async () => {
  await using catalog = await startExample('demo-catalog')
  const document = await expectPublished(catalog.url, 'catalog')
  await expectEveryOperation(catalog.url, document, 'espresso')
})

test('filters, adds and validates', async () => {
  await using catalog = await startExample('demo-catalog')
  const put = (body: unknown) =>
    fetch(`${catalog.url}/products/scale`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const scale = { sku: 'scale', name: 'Scale', category: 'equipment', price: 35 }
  expect(await (await put(scale)).json()).toEqual(scale)
  expect((await put({ ...scale, price: -1 })).status).toBe(400)
  expect((await put({ ...scale, category: 'tea' })).status).toBe(400)
  const equipment = (await (await fetch(`${catalog.url}/products?category=equipment`)).json()) as { sku: string }[]
  expect(equipment.map((one) => one.sku)).toEqual(['grinder', 'scale'])
  expect((await fetch(`${catalog.url}/products?limit=0`)).status).toBe(400)
})
