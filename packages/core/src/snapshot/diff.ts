import { sameData } from '../same.ts'
import { slices } from '../slices.ts'
import type { Route } from '../routing/route.ts'
import type { Snapshot, SnapshotDiff } from './snapshot.ts'

/** What changes between two snapshots. */
export async function diffRoutes(previous: Snapshot, next: Snapshot): Promise<SnapshotDiff> {
  const before = new Map<string, Route>()
  const added: Route[] = []
  const changed: Route[] = []
  const kept = new Set<Route>()
  const turn = slices()
  for (const route of previous.routes) {
    before.set(route.id, route)
    await turn()
  }
  for (const route of next.routes) {
    const known = before.get(route.id)
    if (known === undefined) added.push(route)
    else {
      kept.add(known)
      if (!sameRoute(known, route)) changed.push(route)
    }
    await turn()
  }
  return {
    added,
    removed: previous.routes.filter((route) => !kept.has(route)),
    changed,
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
  return (
    a.upstream.name === b.upstream.name &&
    VISIBLE.every((key) => a[key] === b[key] || sameData(a[key], b[key])) &&
    (a.rewrite === b.rewrite || rewritten(a) === rewritten(b))
  )
}

/** What a rewrite does is told by what comes out of it. */
function rewritten(route: Route): string {
  const probe = { method: 'GET', target: `${route.path}?`, headers: null as never }
  route.rewrite(probe)
  return probe.target
}
