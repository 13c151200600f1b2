import { Seed } from '../../../tests/support/seed.ts'
import { seedsDiscovery } from '@octopus-gateway/discovery-seeds'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import type { Registered, RegistryUnderTest } from '@octopus-gateway/core/testing'

/** Places that a suite may put instances to. */
const address = (number: number): string => `127.0.0.${number + 1}`

/** One seed for every place. Where no instance is put, something is starting; where one was removed, there is nothing any more. */
const open = async (): Promise<RegistryUnderTest> => {
  const seeds = new Map(
    await Promise.all(
      Array.from({ length: 45 }, async (_, number) => [address(number), await Seed.start({ status: 503 }, address(number))] as const),
    ),
  )
  const all = [...seeds.values()]
  const each = async (run: (seed: Seed) => Promise<void>): Promise<void> => void (await Promise.all(all.map(run)))
  const at = ({ host }: Registered): Seed => seeds.get(host)!
  return {
    provider: () => seedsDiscovery({ urls: all.map(({ url }) => url), interval: 100 }),
    async put(instance) {
      const { service, id, port, metadata } = instance
      // What a service says that knows no address of its own.
      const record = { service_id: id, service_name: service, address: '0.0.0.0', port, metadata, farp_enabled: true, backend: 'http' }
      at(instance).said = { body: JSON.stringify(record) }
    },
    remove: async (instance) => void (at(instance).said = { status: 410 }),
    stop: () => each((seed) => seed.stop()),
    start: () => each((seed) => seed.start()),
    connections: () => all.reduce((sum, { open }) => sum + open, 0),
    [Symbol.asyncDispose]: () => each((seed) => seed.stop()),
  }
}

testDiscoveryProvider('seeds', open, { address })
