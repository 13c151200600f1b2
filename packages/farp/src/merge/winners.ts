import { compareVersions } from '../semver.ts'
import { byName } from './select.ts'
import { labelOf } from './merged.ts'
import type { FederatedService, RoutedOperation } from './input.ts'
import type { MergeConflict, Report } from './merged.ts'

function routeKey({ method, key, host }: RoutedOperation): string {
  return `${host ?? ''} ${method} ${key}`
}

/** As the gateway decides between routes: by priority, version and name. */
export function byStrength(a: FederatedService, b: FederatedService): number {
  return b.priority - a.priority || compareVersions(b.version, a.version) || byName(a, b)
}

/** Which service a route belongs to: by priority, version and name, as the gateway decides. Notes who stands by. */
export function winnersOf(
  services: readonly FederatedService[],
  type: MergeConflict['type'],
  report: Report,
): ReadonlyMap<string, FederatedService> {
  const winners = new Map<string, FederatedService>()
  const strongest = [...services].sort(byStrength)
  for (const service of strongest)
    for (const operation of service.operations()) {
      const winner = winners.get(routeKey(operation))
      if (winner === undefined) winners.set(routeKey(operation), service)
      else if (winner.name !== service.name) {
        const resolution = `${operation.method} is routed to ${labelOf(winner)}`
        report.conflict({
          type,
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
