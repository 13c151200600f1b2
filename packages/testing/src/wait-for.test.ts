import { expect, test } from 'vitest'
import { waitFor } from './wait-for.ts'

test('resolves with the first truthy value', async () => {
  let looks = 0
  expect(await waitFor(() => (++looks === 3 ? 'there' : undefined), { every: 1 })).toBe('there')
  expect(looks).toBe(3)
})

test('a throwing condition is not met yet, and its error explains the failure', async () => {
  const cause = new Error('still 404')
  const waiting = waitFor(() => Promise.reject(cause), { timeout: 20, every: 1, what: 'the route' })
  await expect(waiting).rejects.toMatchObject({ message: 'Waited 20 ms for the route in vain. still 404', cause })
})
