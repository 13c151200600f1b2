import { consulDiscovery } from '@octopus-gateway/discovery-consul'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import type { OpenConsul } from '../../../tests/support/registries/consul.ts'

const TOKEN = 'a1b2c3d4-e5f6-4789-8abc-def012345678'

/** Instances are registered with the agent; those that wait are connected to it. */
export function testConformance(name: string, open: OpenConsul): void {
  testDiscoveryProvider(name, async () => {
    const consul = await open({ token: TOKEN })
    return {
      provider: () => consulDiscovery({ address: consul.address, token: TOKEN }),
      put: ({ service, id, host, port, metadata }) =>
        consul.register({ Name: service, ID: id, Address: host, Port: port, ...(metadata === undefined ? {} : { Meta: metadata }) }),
      remove: ({ id }) => consul.deregister(id),
      stop: () => consul.stop(),
      start: () => consul.start(),
      connections: () => consul.open,
      refused: () => ({ provider: consulDiscovery({ address: consul.address, token: 'not-this-one-0815' }), secret: 'not-this-one-0815' }),
      [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
    }
  })
}
