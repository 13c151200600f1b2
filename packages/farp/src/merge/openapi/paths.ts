import { labelOf } from '../merged.ts'
import type { MergeConflict } from '../merged.ts'
import type { ConflictStrategy } from '../../manifest/manifest.ts'
import type { FederatedService, RoutedOperation } from '../input.ts'

/** An operation and the path of the merged document where it is shown. */
export interface Shown {
  readonly operation: RoutedOperation
  readonly at: string
}

/** What a service's paths meet when they come to those that are there. */
export interface Arrival {
  readonly shown: readonly Shown[]
  readonly conflicts: readonly MergeConflict[]
  /** Paths of others that go. */
  readonly displaced: readonly string[]
}

/** Where operations are shown, service after service. */
export class Paths {
  readonly #texts = new Map<string, string>()
  readonly #owners = new Map<string, FederatedService>()
  readonly #shown = new Map<FederatedService, readonly Shown[]>()

  /** What would happen to a service's operations. Changes nothing. */
  arrive(service: FederatedService, operations: readonly RoutedOperation[], strategy: ConflictStrategy): Arrival {
    const texts = new Map<string, string>()
    const conflicts = new Map<string, MergeConflict>()
    const displaced = new Set<string>()
    const shown = operations.flatMap((operation): Shown[] => {
      const at = this.#placeOf(operation, service, texts)
      const owner = this.#owners.get(at === operation.mounted ? at : operation.key)
      if (owner === undefined || owner.name === service.name) return [{ operation, at }]
      const services = [labelOf(owner), labelOf(service)] as const
      const note = (resolution: string): void =>
        void conflicts.set(at, { type: 'path', item: operation.mounted, services, resolution, strategy })
      if (at !== operation.mounted) note(`Shown as ${at}`)
      else if (strategy === 'skip') note(`Kept ${services[0]} version`)
      else if (strategy === 'overwrite') {
        note(`Overwritten with ${services[1]} version`)
        displaced.add(at)
      } else note('Merged operations')
      return strategy === 'skip' && at === operation.mounted ? [] : [{ operation, at }]
    })
    return { shown, conflicts: [...conflicts.values()], displaced: [...displaced] }
  }

  /** Makes it happen. */
  add(service: FederatedService, { shown, displaced }: Arrival): void {
    const gone = new Set(displaced)
    if (gone.size > 0)
      for (const [other, theirs] of this.#shown) {
        this.#shown.set(
          other,
          theirs.filter(({ at }) => !gone.has(at)),
        )
      }
    for (const { operation, at } of shown) {
      if (!this.#texts.has(operation.key)) this.#texts.set(operation.key, textOf(operation))
      if (!this.#owners.has(at) || gone.has(at)) this.#owners.set(at, service)
      if (!this.#owners.has(operation.key)) this.#owners.set(operation.key, service)
    }
    this.#shown.set(service, shown)
  }

  /** What is shown of a service after all have come. */
  of(service: FederatedService): readonly Shown[] {
    return this.#shown.get(service) ?? []
  }

  /**
   * The path itself, unless it is taken by one that OpenAPI cannot tell apart: the same path on another host, or with other parameter names.
   * Then a fragment is added, which clients drop when they build the URL.
   */
  #placeOf(operation: RoutedOperation, { name }: FederatedService, mine: Map<string, string>): string {
    const { key, mounted, host } = operation
    const text = textOf(operation)
    const taken = this.#texts.get(key) ?? mine.get(key)
    if (taken === undefined) mine.set(key, text)
    return taken === undefined || taken === text ? mounted : `${mounted}#${host ?? name}`
  }
}

function textOf({ mounted, host }: RoutedOperation): string {
  return `${host ?? ''} ${mounted}`
}
