import { compareVersions } from '../../semver.ts'
import { byName } from '../select.ts'
import { labelOf } from '../merged.ts'
import type { ConflictStrategy, MergeConflict, Report } from '../merged.ts'
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

function routeKey({ method, key, host }: RoutedOperation): string {
  return `${host ?? ''} ${method} ${key}`
}

/** Which service a route belongs to: by priority, version and name, as the gateway decides. Notes who stands by. */
export function winnersOf(services: readonly FederatedService[], report: Report): ReadonlyMap<string, FederatedService> {
  const winners = new Map<string, FederatedService>()
  const strongest = [...services].sort((a, b) => b.priority - a.priority || compareVersions(b.version, a.version) || byName(a, b))
  for (const service of strongest)
    for (const operation of service.operations()) {
      const winner = winners.get(routeKey(operation))
      if (winner === undefined) winners.set(routeKey(operation), service)
      else if (winner.name !== service.name) {
        const resolution = `${operation.method} is routed to ${labelOf(winner)}`
        report.conflict({
          type: 'path',
          item: operation.mounted,
          services: [labelOf(winner), labelOf(service)],
          resolution,
          strategy: 'routing',
        })
      }
    }
  return winners
}

/** The routes that a service has won. */
export function wonBy(service: FederatedService, winners: ReadonlyMap<string, FederatedService>): RoutedOperation[] {
  return service.operations().filter((operation) => winners.get(routeKey(operation)) === service)
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
