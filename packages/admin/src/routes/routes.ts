import { json } from '../answers.ts'
import { sortedBy } from '../order.ts'
import type { Gateway, Route } from '@octopus-gateway/core'

/** Every route of the current generation, and those that stand by for a route with the same host, methods and pattern. */
export function routes({ snapshot }: Gateway): Response {
  return json({
    generation: snapshot.generation,
    routes: sortedBy(snapshot.routes, orderOf).map(viewOf),
    standby: sortedBy(snapshot.standby, ({ route }) => orderOf(route)).map(({ route, winner }) => ({
      ...viewOf(route),
      winner: winner.id,
    })),
  })
}

function orderOf(route: Route): readonly string[] {
  return [route.host ?? '', route.path, (route.methods ?? []).join(' '), route.id]
}

function viewOf(route: Route): Record<string, unknown> {
  return {
    id: route.id,
    host: route.host,
    methods: route.methods,
    path: route.path,
    upstream: route.upstream.name,
    split_on: route.split?.on ?? null,
    targets:
      route.split?.branches.map((branch) => ({ upstream: branch.route.upstream.name, weight: branch.weight, match: branch.match })) ?? null,
    mirror: mirrorOf(route),
    lane: route.lane,
    lane_reason: route.laneReason,
    source: route.source,
    service: route.service,
    priority: route.priority,
    timeout_ms: route.timeout,
    connect_timeout_ms: route.connectTimeout,
    idle_timeout_ms: route.idleTimeout,
    retries: route.retry.retries,
    subset: route.subset,
    rewrite_rules: route.rules,
    tags: route.tags,
  }
}

function mirrorOf({ mirror }: Route): object | null {
  return mirror === null ? null : { upstream: mirror.upstream.name, percent: mirror.percent, max_body: mirror.maxBody }
}
