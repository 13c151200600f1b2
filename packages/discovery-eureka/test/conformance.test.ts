import { eurekaDiscovery } from '@octopus-gateway/discovery-eureka'
import { startEureka } from '@octopus-gateway/testing'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'

/** A server that is asked every tenth of a second. */
testDiscoveryProvider('eureka', async () => {
  const eureka = await startEureka({ username: 'gateway', password: 'p4ss-w0rd' })
  const options = { servers: [eureka.url], interval: 100, username: 'gateway' }
  return {
    provider: () => eurekaDiscovery({ ...options, password: 'p4ss-w0rd' }),
    put: async ({ service, id, host, port, metadata = {} }) =>
      eureka.registry.register({ app: service, instanceId: id, hostName: host, port: { $: port, '@enabled': true }, metadata }),
    remove: async ({ service, id }) => void eureka.registry.cancel(service, id),
    stop: () => eureka.stop(),
    start: () => eureka.start(),
    connections: () => eureka.open,
    refused: () => ({ provider: eurekaDiscovery({ ...options, password: 'n0t-this-one' }), secret: 'n0t-this-one' }),
    [Symbol.asyncDispose]: () => eureka[Symbol.asyncDispose](),
  }
})
