import { consulDiscovery } from '@octopus-gateway/discovery-consul'
import { startConsul } from '@octopus-gateway/testing'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'

/** Instances are registered with the agent; those that wait are connected to it. */
testDiscoveryProvider('consul', async () => {
  const token = 'a1b2c3d4-e5f6-4789-8abc-def012345678'
  const consul = await startConsul({ tokens: [token] })
  return {
    provider: () => consulDiscovery({ address: consul.address, token }),
    put: async ({ service, id, host, port, metadata }) =>
      consul.register({ Name: service, ID: id, Address: host, Port: port, ...(metadata === undefined ? {} : { Meta: metadata }) }),
    remove: async ({ id }) => consul.deregister(id),
    stop: () => consul.stop(),
    start: () => consul.start(),
    connections: () => consul.open,
    refused: () => ({ provider: consulDiscovery({ address: consul.address, token: 'not-this-one-0815' }), secret: 'not-this-one-0815' }),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
})
