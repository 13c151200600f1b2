import { expect, test } from 'vitest'
import { Places } from './places.ts'

test('never more are in than there are places, and the others come in their order', async () => {
  const places = new Places(2)
  const order: number[] = []
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 7 }, async (_, number) => {
      using _place = await places.take()
      order.push(number)
      inside += 1
      most = Math.max(most, inside)
      await Promise.resolve()
      inside -= 1
    }),
  )
  expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5, 6]])
})
