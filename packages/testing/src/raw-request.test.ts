import { expect, test } from 'vitest'
import { rawRequest } from './raw-request.ts'
import { startService } from './service.ts'

test('a response to HEAD has no body although it names a length', async () => {
  await using service = await startService()
  const { responses } = await rawRequest(service.port, 'HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h\r\n\r\n', {
    responses: 2,
  })
  expect(responses.map((response) => response.body.length > 0)).toEqual([false, true])
  expect(Number(responses[0]!.field('content-length'))).toBeGreaterThan(0)
})

test('with Infinity it waits for the close', async () => {
  await using service = await startService()
  const exchange = await rawRequest(service.port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n', { responses: Infinity })
  expect(exchange).toMatchObject({ ended: 'closed' })
  expect(exchange.response.status).toBe(200)
})
