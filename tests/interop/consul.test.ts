import { consulDiscovery } from '@octopus-gateway/discovery-consul'
import { createGateway } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { drillConsul } from '../support/registries/drills.ts'
import { realConsul } from './servers/consul.ts'
import { testBehaviours } from '../../packages/discovery-consul/test/behaviours.ts'
import { testConformance } from '../../packages/discovery-consul/test/conformance.ts'
import { testConsul } from '../../packages/testing/test/consul.ts'
import { waitFor } from '@octopus-gateway/testing'

testConformance('consul', realConsul)
testBehaviours('a real Consul', realConsul)
testConsul('a real Consul', realConsul)
drillConsul('a real Consul', realConsul)

test('a token that sees only a part: what it sees is there, and a line says once that there is more', async () => {
  const owner = '7d9c5a10-95c1-4c3e-8a0f-3b7c1d2e4f51'
  await using consul = await realConsul({ token: owner })
  const token = await consul.tokenWith('service_prefix "users" { policy = "read" } node_prefix "" { policy = "read" }')
  await consul.register({ Name: 'users', Port: 1 })
  await consul.register({ Name: 'orders', Port: 2 })
  const lines: string[] = []
  const log = { error() {}, info() {}, debug() {}, warn: (text: string) => void lines.push(text) }
  await using gateway = createGateway({ discovery: [consulDiscovery({ address: consul.address, token })], log })
  await waitFor(() => expect(gateway.services.map(({ service }) => service)).toEqual(['users']))
  await consul.register({ Name: 'users2', Port: 3 })
  await waitFor(() => expect(gateway.services.map(({ service }) => service)).toEqual(['users', 'users2']))
  expect(lines).toEqual(['Consul hides services or nodes from this token'])
})
