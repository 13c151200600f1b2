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

/** What an author can see of a route. Compiled parts are made anew in every build and say nothing. */
const VISIBLE = Object.keys({
  id: true,
  path: true,
  host: true,
  methods: true,
  priority: true,
  source: true,
  service: true,
  subset: true,
  hooks: true,
  lane: true,
  laneReason: true,
  timeout: true,
  connectTimeout: true,
  idleTimeout: true,
  streamIdleTimeout: true,
  retry: true,
  auth: true,
  carries: true,
  tags: true,
  meta: true,
} satisfies Record<
  Exclude<keyof Route, 'upstream' | 'rewrite' | 'phases' | 'middleware' | 'ownFields' | 'metric'>,
  true
>) as (keyof Route)[]

function sameRoute(a: Route, b: Route): boolean {
  return a.upstream.name === b.upstream.name && VISIBLE.every((key) => sameData(a[key], b[key])) && rewritten(a) === rewritten(b)
}

/** What a rewrite does is told by what comes out of it. */
function rewritten(route: Route): string {
  const probe = { method: 'GET', target: `${route.path}?`, headers: null as never }
  route.rewrite(probe)
  return probe.target
}
