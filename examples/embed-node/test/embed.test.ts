import { expect, test } from 'vitest'
import { startExample } from '../../../tests/support/examples.ts'

test('serves its own function and closes on SIGTERM', async () => {
  await using embedded = await startExample('embed-node')
  const response = await fetch(`${embedded.url}/hello`)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('Hello from inside the gateway\n')
  embedded.program.child.kill('SIGTERM')
  expect(await embedded.program.exited(5_000)).toBe(0)
})
