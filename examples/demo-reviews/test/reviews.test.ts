import { expect, test } from 'vitest'
import { startExample } from '../../../tests/support/examples.ts'
import { expectEveryOperation, expectPublished } from '../../../tests/support/service-example.ts'

test('publishes what it serves and serves what it publishes', async () => {
  await using reviews = await startExample('demo-reviews')
  const document = await expectPublished(reviews.url, 'reviews')
  await expectEveryOperation(reviews.url, document, 'espresso')
})

test('takes a review and counts its stars', async () => {
  await using reviews = await startExample('demo-reviews')
  const add = (body: unknown) => fetch(`${reviews.url}/products/espresso/reviews`, { method: 'POST', body: JSON.stringify(body) })
  expect((await add({ stars: 3, text: 'A little too dark.' })).status).toBe(201)
  expect((await add({ stars: 6, text: 'Too many stars.' })).status).toBe(422)
  const ratings = (await (await fetch(`${reviews.url}/ratings`)).json()) as unknown[]
  expect(ratings).toContainEqual({ sku: 'espresso', stars: 4 })
})
