import { eurekaDiscovery } from '@octopus-gateway/discovery-eureka'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import { USER, type OpenEureka } from '../../../tests/support/registries/eureka.ts'

/** A server that is asked every tenth of a second. */
export function testConformance(name: string, open: OpenEureka): void {
  testDiscoveryProvider(name, async () => {
    const eureka = await open(USER)
    const options = { servers: [eureka.url], interval: 100, username: USER.username }
    return {
      provider: () => eurekaDiscovery({ ...options, password: USER.password }),
      put: ({ service, id, host, port, metadata = {} }) =>
        eureka.register({ app: service, instanceId: id, hostName: host, port: { $: port, '@enabled': true }, metadata }),
      remove: ({ service, id }) => eureka.cancel(service, id),
      stop: () => eureka.stop(),
      start: () => eureka.start(),
      connections: () => eureka.open,
      refused: () => ({ provider: eurekaDiscovery({ ...options, password: 'n0t-this-one' }), secret: 'n0t-this-one' }),
      [Symbol.asyncDispose]: () => eureka[Symbol.asyncDispose](),
    }
  })
}
