import { afterAll, beforeAll, describe } from 'vitest'
import { Announcer, freshType } from '../../../tests/support/zeroconf.ts'
import { mdnsDiscovery } from '@octopus-gateway/discovery-mdns'
import { requirePythonModule } from '../../../tests/support/components.ts'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import type { Registered } from '@octopus-gateway/core/testing'

const python = requirePythonModule('zeroconf')

describe.skipIf(python === undefined)('a responder that others wrote', () => {
  let announcer: Announcer
  beforeAll(async () => void (announcer = await Announcer.start(python!)))
  afterAll(() => announcer[Symbol.asyncDispose]())

  testDiscoveryProvider(
    'mdns',
    async () => {
      const type = freshType()
      const known = new Set<string>()
      const gone = async ({ id }: Pick<Registered, 'id'>): Promise<void> => {
        if (known.delete(id)) await announcer.remove({ type, label: id })
      }
      return {
        provider: () => mdnsDiscovery({ serviceTypes: [type], interface: '127.0.0.1', browseTime: '500ms' }),
        async put({ service, id, host, port, metadata = {} }) {
          known.add(id)
          const txt = [`name=${service}`, `id=${id}`, ...Object.entries(metadata).map(([name, value]) => `${name}=${value}`)]
          await announcer.put({ type, label: id, port, addresses: [host], txt })
        },
        remove: gone,
        stop: () => Promise.reject(new Error('nobody is in the middle')),
        start: () => Promise.reject(new Error('nobody is in the middle')),
        async [Symbol.asyncDispose]() {
          await Promise.all([...known].map((id) => gone({ id })))
        },
      }
    },
    // A network has nobody in the middle who could be away.
    { outages: false, address: (number) => `127.0.0.${number + 1}` },
  )
})
