import { Bind } from '../support/bind.ts'
import { drillRegistry } from '../support/registry-drill.ts'
import { requireComponent } from '../support/components.ts'
import type { FarpService } from '@octopus-gateway/testing'

const [named, nsupdate] = [requireComponent('named'), requireComponent('nsupdate')]

const recordOf = ({ name, port }: FarpService): string => `_${name}._tcp.test. 1 SRV 0 0 ${port} here.test.`

drillRegistry(
  'dns',
  named !== undefined &&
    nsupdate !== undefined &&
    (async () => {
      const bind = await Bind.start({ named, nsupdate })
      await bind.change('add here.test. 1 A 127.0.0.1')
      const names = ['users', 'orders', 'catalog', 'stock'].map((name) => `{ name: _${name}._tcp.test }`)
      return {
        yaml: `discovery: { backend: dns, dns: { servers: ["${bind.server}"], interval: 200ms, names: [${names.join(', ')}] } }`,
        put: (service) => bind.change(`add ${recordOf(service)}`),
        remove: (service) => bind.change(`delete ${recordOf(service).replace(' 1 SRV', ' SRV')}`),
        stop: () => bind.stop(),
        start: () => bind.start(),
        [Symbol.asyncDispose]: () => bind[Symbol.asyncDispose](),
      }
    }),
)
