import { drillRegistry } from '../registry-drill.ts'
import type { OpenConsul } from './consul.ts'
import { USER, type OpenEureka } from './eureka.ts'

const TOKEN = '5b1e9c3a-6d0f-4b1a-9a57-0d2f4c8e7a10'

/** The drill with any Consul. */
export function drillConsul(name: string, open: OpenConsul): void {
  drillRegistry(name, async () => {
    const consul = await open({ token: TOKEN })
    return {
      yaml: `discovery: { backend: consul, consul: { address: "${consul.address}", token: ${TOKEN} } }`,
      put: ({ name: service, instanceId, port }) =>
        consul.register({ Name: service, ID: instanceId, Address: '127.0.0.1', Port: port, Meta: { 'farp-enabled': 'true' } }),
      remove: ({ instanceId }) => consul.deregister(instanceId),
      stop: () => consul.stop(),
      start: () => consul.start(),
      [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
    }
  })
}

/** The drill with any Eureka. */
export function drillEureka(name: string, open: OpenEureka): void {
  drillRegistry(name, async () => {
    const eureka = await open(USER)
    const options = { servers: [eureka.url], interval: '1s', ...USER }
    return {
      yaml: `discovery: ${JSON.stringify({ backend: 'eureka', eureka: options })}`,
      put: ({ name: app, instanceId, port }) =>
        eureka.register({ app, instanceId, hostName: '127.0.0.1', port, metadata: { 'farp.enabled': 'true' } }),
      remove: ({ name: app, instanceId }) => eureka.cancel(app, instanceId),
      stop: () => eureka.stop(),
      start: () => eureka.start(),
      [Symbol.asyncDispose]: () => eureka[Symbol.asyncDispose](),
    }
  })
}
