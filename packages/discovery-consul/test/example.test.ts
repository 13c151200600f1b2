import { exampleGateway, examplePath } from '../../../tests/support/finding.ts'
import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { startConsul } from '@octopus-gateway/testing'

test('the example: what it registers is found by what it configures', async () => {
  await using consul = await startConsul()
  const registered = await fetch(`http://${consul.address}/v1/agent/service/register`, {
    method: 'PUT',
    body: readFileSync(examplePath('discovery-consul/users.json')),
  })
  expect(registered.status).toBe(200)
  const gateway = await exampleGateway('discovery-consul', `{ consul: { address: "${consul.address}" } }`)
  await gateway.synced
  expect(gateway.services).toMatchObject([
    { service: 'users', port: 8081, version: '1.0.0', metadata: { tags: 'farp', farp_enabled: 'true' } },
  ])
})
