import { sleep, toMilliseconds } from '../time.ts'
import type { DiscoveryProvider, ServiceSet } from './provider.ts'
import type { Duration } from '../time.ts'

/** For registries that only answer questions: asks at once and then every `every`, varied by up to `jitter` (0 to 1, default 0.2) of it. */
export function poll(
  list: (signal: AbortSignal) => Promise<ServiceSet>,
  options: { readonly every: Duration; readonly jitter?: number },
): DiscoveryProvider['watch'] {
  const every = toMilliseconds(options.every)
  const jitter = options.jitter ?? 0.2
  return async function* (signal) {
    while (!signal.aborted) {
      yield await list(signal)
      await sleep(every * (1 + jitter * (2 * Math.random() - 1)), signal)
    }
  }
}
