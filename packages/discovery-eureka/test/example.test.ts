import { exampleGateway, examplePath } from '../../../tests/support/finding.ts'
import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { startEureka, waitFor } from '@octopus-gateway/testing'

test('the example: what it registers is found by what it configures, and the gateway is registered', async () => {
  await using eureka = await startEureka()
  const registered = await fetch(`${eureka.url}/apps/USERS`, {
    method: 'POST',
    body: readFileSync(examplePath('discovery-eureka/users.json')),
  })
  expect(registered.status).toBe(204)
  const gateway = await exampleGateway('discovery-eureka', `{ eureka: { servers: ["${eureka.url}"] } }`)
  await gateway.synced
  expect(gateway.services.find(({ service }) => service === 'users')).toMatchObject({ port: 8081, version: '1.0.0' })
  await waitFor(() => eureka.registry.get('octopus-gateway', '127.0.0.1:octopus-gateway:8080'))
})
