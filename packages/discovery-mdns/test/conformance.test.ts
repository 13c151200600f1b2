import { afterAll, beforeAll, describe } from 'vitest'
import { Announcer, freshType } from '../../../tests/support/zeroconf.ts'
import { inOwnNetwork, takeDown } from '../../../tests/support/own-network.ts'
import { mdnsDiscovery } from '@octopus-gateway/discovery-mdns'
import { requirePythonModule } from '../../../tests/support/components.ts'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import type { Registered } from '@octopus-gateway/core/testing'

const python = requirePythonModule('zeroconf')

/** With a link that can be taken down there are outages. */
function suite(at: string, link?: 'one'): void {
  describe.skipIf(python === undefined)('a responder that others wrote', () => {
    let announcer: Announcer
    beforeAll(async () => void (announcer = await Announcer.start(python!, at)))
    afterAll(() => announcer[Symbol.asyncDispose]())

    testDiscoveryProvider(
      'mdns',
      async () => {
        const type = freshType()
        const known = new Set<string>()
        let bringUp: (() => void) | undefined
        const gone = async ({ id }: Pick<Registered, 'id'>): Promise<void> => {
          if (known.delete(id)) await announcer.remove({ type, label: id })
        }
        const start = (): void => {
          bringUp?.()
          bringUp = undefined
        }
        return {
          provider: () => mdnsDiscovery({ serviceTypes: [type], interface: at, interval: '1s', browseTime: '300ms' }),
          async put({ service, id, host, port, metadata = {} }) {
            known.add(id)
            const txt = [`name=${service}`, `id=${id}`, ...Object.entries(metadata).map(([name, value]) => `${name}=${value}`)]
            await announcer.put({ type, label: id, port, addresses: [host], txt })
          },
          remove: gone,
          async stop() {
            bringUp = takeDown(link!)
          },
          async start() {
            start()
          },
          async [Symbol.asyncDispose]() {
            start()
            await Promise.all([...known].map((id) => gone({ id })))
          },
        }
      },
      { outages: link !== undefined, address: (number) => at.replace(/\d+$/, String(number + 2)) },
    )
  })
}

inOwnNetwork(
  import.meta.url,
  () => suite('10.7.1.1', 'one'),
  () => suite('127.0.0.1'),
)
