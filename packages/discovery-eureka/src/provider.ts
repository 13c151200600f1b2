import { defineDiscovery, poll } from '@octopus-gateway/core'
import { eurekaOptions } from './options.ts'
import { Registration } from './registration.ts'
import { Registry } from './registry.ts'
import { scopeOf } from '@octopus-gateway/discovery-support'
import { Servers } from './servers.ts'
import type { Logger, ServiceSet } from '@octopus-gateway/core'

/** The services of a Eureka, asked for at intervals; on request with the gateway itself among them. */
export const eurekaDiscovery = defineDiscovery({
  name: 'eureka',
  config: eurekaOptions,
  async *watch(settings, signal, host) {
    using servers = new Servers(settings)
    const registry = new Registry(servers, settings.zone)
    const sets = poll((ended) => registry.refresh(ended), { every: settings.interval })(signal, host)
    try {
      yield* settings.register === undefined
        ? sets
        : registered(sets, new Registration(servers, settings.register, settings.zone), { log: host.log, signal })
    } catch (thrown) {
      if (!signal.aborted) throw thrown
    }
  },
})

interface Life {
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Keeps the gateway registered for as long as the sets are read, and takes it back when the gateway ends. */
async function* registered(sets: AsyncIterable<ServiceSet>, registration: Registration, { log, signal }: Life): AsyncGenerator<ServiceSet> {
  using life = scopeOf(signal)
  const running = registration.run(log, life.signal)
  try {
    yield* sets
  } finally {
    life[Symbol.dispose]()
    await running
    // After an outage it stays: the next start renews it.
    if (signal.aborted) {
      await registration
        .takeBack()
        .catch((thrown: Error) => log.warn('the gateway is still registered', { provider: 'eureka', reason: thrown.message }))
    }
  }
}
