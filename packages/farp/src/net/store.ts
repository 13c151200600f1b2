import { withDeadline } from './guarded.ts'
import type { KeyValues } from '@octopus-gateway/core'
import type { Limits } from '../limits.ts'
import type { RegistryStore } from '../schemas/registry.ts'
import type { Turns } from './turns.ts'

/** Who asks a registry's store, and how. */
export interface StoreAccess {
  readonly name: string
  readonly keyValues: KeyValues
  readonly limits: Limits
  readonly turns: Turns
  /** The service for which it is asked: each has its share of the questions. */
  readonly service: string
  readonly signal: AbortSignal
}

/** A registry's store, asked like any other place: in turn, and not for longer than a fetch may take. */
export function registryStore({ name, keyValues, limits, turns, service, signal }: StoreAccess): RegistryStore {
  return {
    name,
    get: (key) =>
      turns.run(service, () => withDeadline(signal, limits.totalMs, (deadline) => untilAborted(keyValues.get(key, deadline), deadline))),
  }
}

/** A store that does not look at its signal must not hold a place for ever. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
