import { drillRegistry } from '../support/registry-drill.ts'
import { Etcd } from '../support/etcd.ts'
import { requireComponent } from '../support/components.ts'
import type { FarpService } from '@octopus-gateway/testing'

const program = requireComponent('etcd')

const keyOf = ({ name, instanceId }: FarpService): string => `/services/${name}/${instanceId}`

drillRegistry(
  'etcd',
  program !== undefined &&
    (async () => {
      const etcd = await Etcd.start(program)
      let isUp = true
      const waiting: FarpService[] = []
      const put = (service: FarpService): Promise<void> => {
        const { name, instanceId: id, port } = service
        return etcd.put(keyOf(service), { id, name, address: '127.0.0.1', port, status: 'passing', metadata: { 'farp.enabled': 'true' } })
      }
      return {
        yaml: `discovery: { backend: etcd, etcd: { endpoints: ["${etcd.url}"] } }`,
        put: async (service) => (isUp ? put(service) : void waiting.push(service)),
        remove: (service) => etcd.remove(keyOf(service)),
        stop: () => {
          isUp = false
          return etcd.stop()
        },
        start: async () => {
          await etcd.start()
          isUp = true
          for (const service of waiting.splice(0)) await put(service)
        },
        [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
      }
    }),
)
