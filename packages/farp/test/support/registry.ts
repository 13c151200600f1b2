import type { DiscoveryProvider, ServiceInstance } from '@octopus-gateway/core'

/** A registry whose list is what was announced last. */
export interface Registry {
  readonly provider: DiscoveryProvider
  announce(records: readonly ServiceInstance[]): void
}

/** Starts empty. The name is the kind of the provider: it decides what FARP believes. */
export function registryOf(name: string): Registry {
  let list: readonly ServiceInstance[] = []
  let wake: () => void = () => {}
  const next = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  return {
    announce(records) {
      list = records
      wake()
    },
    provider: {
      name,
      yields: name === 'mdns',
      async *watch(signal) {
        while (!signal.aborted) {
          const change = next(signal)
          yield list
          await change
        }
      },
    },
  }
}
