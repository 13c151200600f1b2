import type { Finding } from './route-set.ts'
import type { Logger } from '../log/logger.ts'
import type { Route } from '../routing/route.ts'
import type { Snapshot } from './snapshot.ts'

/** Routes of one owner that another one's win over. */
interface Conflict {
  readonly loser: Route
  readonly winner: Route
  routes: number
}

/** Conflicts by who has them: services may have thousands of routes in common. */
function conflictsOf({ standby }: Pick<Snapshot, 'standby'>): ReadonlyMap<string, Conflict> {
  const conflicts = new Map<string, Conflict>()
  for (const { route, winner } of standby) {
    const key = JSON.stringify([ownerOf(route), ownerOf(winner)])
    const known = conflicts.get(key)
    if (known === undefined) conflicts.set(key, { loser: route, winner, routes: 1 })
    else known.routes += 1
  }
  return conflicts
}

/** What conflicts mean for the services that have them, winners and losers: code `ROUTE_CONFLICT`. By source, then by service. */
export function conflictFindings(snapshot: Pick<Snapshot, 'standby'>): ReadonlyMap<string, ReadonlyMap<string, readonly Finding[]>> {
  const findings = new Map<string, Map<string, Finding[]>>()
  const add = ({ source, service }: Route, finding: Finding): void => {
    if (service === null) return
    const ofSource = findings.get(source) ?? new Map<string, Finding[]>()
    findings.set(source, ofSource)
    const ofService = ofSource.get(service) ?? []
    ofSource.set(service, ofService)
    ofService.push(finding)
  }
  for (const { loser, winner, routes } of conflictsOf(snapshot).values()) {
    const which = `${routes === 1 ? '1 route' : `${routes} routes`}, ${placeOf(loser)} among them`
    add(loser, { code: 'ROUTE_CONFLICT', severity: 'warning', message: `${which}, stand by: ${ownerOf(winner)} has them` })
    if (ownerOf(winner) !== ownerOf(loser))
      add(winner, { code: 'ROUTE_CONFLICT', severity: 'info', message: `${which}, are also those of ${ownerOf(loser)}, which stand by` })
  }
  return findings
}

/** Logs conflicts that were not there before, and that they are over. */
export function logConflicts(log: Logger, previous: Snapshot, next: Snapshot): void {
  if (previous.standby.length === 0 && next.standby.length === 0) return
  const before = conflictsOf(previous)
  const now = conflictsOf(next)
  for (const [key, { loser, winner, routes }] of now)
    if (!before.has(key)) log.warn('routes conflict', { routes, first: placeOf(loser), winner: ownerOf(winner), loser: ownerOf(loser) })
  for (const [key, { loser, winner }] of before)
    if (!now.has(key)) log.info('a conflict of routes is over', { winner: ownerOf(winner), loser: ownerOf(loser) })
}

function ownerOf({ source, service }: Route): string {
  return service === null ? 'the configuration' : `the service "${service}" of ${source}`
}

function placeOf({ methods, host, path }: Route): string {
  return `${methods?.join(',') ?? '*'} ${host ?? ''}${path}`
}
