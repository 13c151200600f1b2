import { sameData } from '../same.ts'
import { slices } from '../slices.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { CompiledRoute } from '../routing/compiled-route.ts'
import type { Snapshot, SnapshotDiff } from './snapshot.ts'

/** The endpoints that the upstreams of a snapshot will have, by name; those that it shares with another one still have the other's. */
export type EndpointsByUpstream = ReadonlyMap<string, readonly Endpoint[]>

/** What changes between two snapshots. */
export async function diffSnapshots(previous: Snapshot, next: Snapshot, endpoints: EndpointsByUpstream): Promise<SnapshotDiff> {
  const before = new Map<string, CompiledRoute>()
  const added: CompiledRoute[] = []
  const changed: CompiledRoute[] = []
  const changes = new Map<string, readonly string[]>()
  const kept = new Set<CompiledRoute>()
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
      const differences = known === route ? null : routeDifferences(known, route)
      if (differences !== null) {
        changed.push(route)
        changes.set(route.id, differences)
      }
    }
    await turn()
  }
  return {
    added,
    removed: previous.routes.filter((route) => !kept.has(route)),
    changed,
    changes,
    upstreamsAdded: [...next.upstreams.keys()].filter((name) => !previous.upstreams.has(name)),
    upstreamsRemoved: [...previous.upstreams.keys()].filter((name) => !next.upstreams.has(name)),
    upstreamsChanged: await changedUpstreams(previous, next, { endpoints, turn }),
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
  idempotent: true,
  auth: true,
  deprecated: true,
  carries: true,
  tags: true,
  meta: true,
} satisfies Record<
  Exclude<keyof CompiledRoute, 'upstream' | 'split' | 'mirror' | 'rewrite' | 'rules' | 'phases' | 'middleware' | 'ownFields' | 'metric'>,
  true
>) as (keyof CompiledRoute)[]

/** As an author calls what is called otherwise inside. */
const WRITTEN: Readonly<Record<string, string>> = { hooks: 'plugins', hostMode: 'host' }

/** `null` for none, which is usual. */
function routeDifferences(a: CompiledRoute, b: CompiledRoute): string[] | null {
  const same = (key: keyof CompiledRoute): boolean => a[key] === b[key] || sameData(a[key], b[key])
  const isSame = sameTargets(a, b) && sameMirror(a, b) && VISIBLE.every(same) && sameRewrite(a, b)
  if (isSame) return null
  return [
    ...(sameTargets(a, b) ? [] : ['upstream']),
    ...(sameMirror(a, b) ? [] : ['mirror']),
    ...VISIBLE.filter((key) => !same(key)).map((key) => WRITTEN[key] ?? key),
    ...(sameRewrite(a, b) ? [] : ['rewrite']),
  ]
}

function sameRewrite(a: CompiledRoute, b: CompiledRoute): boolean {
  return a.rewrite === b.rewrite || (sameData(a.rules, b.rules) && rewritten(a) === rewritten(b))
}

function sameTargets(a: CompiledRoute, b: CompiledRoute): boolean {
  if (a.split === null && b.split === null) return a.upstream.name === b.upstream.name
  return sameData(targetsOf(a), targetsOf(b))
}

function sameMirror(a: CompiledRoute, b: CompiledRoute): boolean {
  return (a.mirror === null && b.mirror === null) || sameData(mirrorOf(a), mirrorOf(b))
}

function mirrorOf({ mirror }: CompiledRoute): unknown {
  return mirror === null ? null : { ...mirror, upstream: mirror.upstream.name }
}

/** Where a route goes, as data. */
function targetsOf({ upstream, split }: CompiledRoute): unknown {
  if (split === null) return upstream.name
  return { on: split.on, targets: split.branches.map(({ route, weight, match }) => ({ upstream: route.upstream.name, weight, match })) }
}

/** What a rewrite does is told by what comes out of it. */
function rewritten(route: CompiledRoute): string {
  const probe = { method: 'GET', target: `${route.path}?`, headers: null as never }
  try {
    route.rewrite(probe)
  } catch {
    // A rule that makes nothing acceptable of a pattern may make something of a path; rules are compared apart.
    return 'refused'
  }
  return probe.target
}

const SETTINGS = ['handler', 'hostMode', 'balancing', 'health'] as const

async function changedUpstreams(
  previous: Snapshot,
  next: Snapshot,
  { endpoints, turn }: { readonly endpoints: EndpointsByUpstream; turn(): Promise<void> | undefined },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const changes = new Map<string, readonly string[]>()
  for (const [name, upstream] of next.upstreams) {
    await turn()
    const before = previous.upstreams.get(name)
    if (before === undefined) continue
    const differences = upstreamDifferences(before as LiveUpstream, upstream as LiveUpstream)
    if (!sameData(before.endpoints.map(shown), endpoints.get(name)?.map(shown))) differences.unshift('endpoints')
    if (differences.length > 0) changes.set(name, differences)
  }
  return changes
}

function upstreamDifferences(a: LiveUpstream, b: LiveUpstream): string[] {
  if (a === b) return []
  return [
    ...SETTINGS.filter((key) => !sameData(a[key], b[key])).map((key) => WRITTEN[key] ?? key),
    ...(['protocol', 'tls'] as const).filter((key) => !sameData(a.transport[key], b.transport[key])),
  ]
}

/** An endpoint without its state. */
function shown({ id, origin, weight, zone, labels }: Endpoint): object {
  return { id, origin, weight, zone, labels }
}
