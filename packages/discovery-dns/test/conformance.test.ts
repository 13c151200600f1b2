import { afterAll, beforeAll, describe } from 'vitest'
import { Bind } from '../../../tests/support/bind.ts'
import { dnsDiscovery } from '@octopus-gateway/discovery-dns'
import { requireComponent } from '../../../tests/support/components.ts'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import type { Registered } from '@octopus-gateway/core/testing'

const [named, nsupdate] = [requireComponent('named'), requireComponent('nsupdate')]

describe.skipIf(named === undefined || nsupdate === undefined)('a real BIND', () => {
  let bind: Bind
  let count = 0
  beforeAll(async () => void (bind = await Bind.start({ named: named!, nsupdate: nsupdate! })))
  afterAll(() => bind[Symbol.asyncDispose]())

  testDiscoveryProvider(
    'dns',
    async () => {
      const zone = `t${(count += 1)}.test.`
      const nameOf = ({ service }: Registered): string => `_${service}._tcp.${zone}`
      const gone = (instance: Registered): string[] => [
        `delete ${instance.id}.${zone} A`,
        `delete ${nameOf(instance)} SRV 0 1 ${instance.port} ${instance.id}.${zone}`,
      ]
      const names = ['users', 'orders'].map((service) => ({ name: `_${service}._tcp.${zone.replace(/\.$/, '')}` }))
      return {
        provider: () => dnsDiscovery({ names, servers: [bind.server], interval: 100 }),
        put: (instance) =>
          bind.change(
            ...gone(instance),
            `add ${instance.id}.${zone} 1 A ${instance.host}`,
            `add ${nameOf(instance)} 1 SRV 0 1 ${instance.port} ${instance.id}.${zone}`,
          ),
        remove: (instance) => bind.change(...gone(instance)),
        stop: () => bind.stop(),
        start: () => bind.start(),
        [Symbol.asyncDispose]: async () => {},
      }
    },
    // Metadata belongs to the whole service.
    { metadata: false },
  )
})
