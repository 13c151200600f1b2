import { expect, onTestFinished, test } from 'vitest'
import { fakeEureka } from '../../../tests/support/registries/eureka.ts'
import { startedClient, stopped, testEureka } from './eureka.ts'
import { startEureka, waitFor } from '@octopus-gateway/testing'

testEureka('the stand-in of Eureka', fakeEureka)

test.each([false, true])('the requests of clients are told; with changes only: %s', async (shouldUseDelta) => {
  const eureka = await startEureka()
  onTestFinished(() => eureka[Symbol.asyncDispose]())
  const client = await startedClient(eureka, 'users', { port: 8081, shouldUseDelta })
  const { length } = eureka.requests
  await waitFor(() => eureka.requests.slice(length).some((line) => line.startsWith('GET /eureka/apps')))
  await stopped(client)
  expect(eureka.requests.some((line) => line.endsWith('/apps/delta'))).toBe(shouldUseDelta)
})

test('a client registers again with a server that has forgotten everything', async () => {
  const eureka = await startEureka()
  onTestFinished(() => eureka[Symbol.asyncDispose]())
  const client = await startedClient(eureka, 'users', { port: 8081 })
  eureka.registry.clear()
  await waitFor(() => eureka.registry.get('users', 'users-8081') !== undefined)
  await stopped(client)
})
