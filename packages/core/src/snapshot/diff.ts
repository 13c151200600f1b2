import { sameData } from '../same.ts'
import type { Route } from '../routing/route.ts'
import type { Snapshot, SnapshotDiff } from './snapshot.ts'

/** What changes between two snapshots. */
export function diffRoutes(previous: Snapshot, next: Snapshot): SnapshotDiff {
  const before = new Map(previous.routes.map((route) => [route.id, route]))
  const after = new Map(next.routes.map((route) => [route.id, route]))
  return {
    added: next.routes.filter((route) => !before.has(route.id)),
    removed: previous.routes.filter((route) => !after.has(route.id)),
    changed: next.routes.filter((route) => before.has(route.id) && !sameRoute(before.get(route.id)!, route)),
    upstreamsAdded: [...next.upstreams.keys()].filter((name) => !previous.upstreams.has(name)),
    upstreamsRemoved: [...previous.upstreams.keys()].filter((name) => !next.upstreams.has(name)),
  }
}

/** Compiled parts are made anew in every build: only what an author can see is compared. */
function sameRoute(a: Route, b: Route): boolean {
  return sameData(visible(a), visible(b))
}

function visible(route: Route): unknown {
  const { phases: _phases, hooks, middleware: _middleware, rewrite: _rewrite, upstream, metric: _metric, ...rest } = route
  const probe = { method: 'GET', target: `${route.path}?`, headers: null as never }
  route.rewrite(probe)
  return { ...rest, upstream: upstream.name, hooks: [...hooks], target: probe.target }
}
