import { drillRegistry } from '../support/registry-drill.ts'
import { startEureka } from '@octopus-gateway/testing'

drillRegistry('eureka', async () => {
  const eureka = await startEureka({ username: 'gateway', password: 's3cret' })
  return {
    yaml: `discovery: { backend: eureka, eureka: { servers: ["${eureka.url}"], interval: 1s, username: gateway, password: s3cret } }`,
    put: ({ name, instanceId, port }) =>
      eureka.registry.register({ app: name, instanceId, hostName: '127.0.0.1', port, metadata: { 'farp.enabled': 'true' } }),
    remove: ({ name, instanceId }) => void eureka.registry.cancel(name, instanceId),
    stop: () => eureka.stop(),
    start: () => eureka.start(),
    [Symbol.asyncDispose]: () => eureka[Symbol.asyncDispose](),
  }
})
