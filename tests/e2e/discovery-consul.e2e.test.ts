import { drillRegistry } from '../support/registry-drill.ts'
import { startConsul } from '@octopus-gateway/testing'

drillRegistry('consul', async () => {
  const consul = await startConsul({ tokens: ['s3cret'] })
  return {
    yaml: `discovery: { backend: consul, consul: { address: "${consul.address}", token: s3cret } }`,
    put: ({ name, instanceId, port }) =>
      consul.register({ Name: name, ID: instanceId, Address: '127.0.0.1', Port: port, Meta: { 'farp-enabled': 'true' } }),
    remove: ({ instanceId }) => consul.deregister(instanceId),
    stop: () => consul.stop(),
    start: () => consul.start(),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
})
