import { NO_UPSTREAM } from '../snapshot/built-in.ts'
import type { Context } from '../exchange/request-context.ts'
import type { FarpCounts } from './farp-metrics.ts'
import type { GatewayOptions } from '../options.ts'
import type { Logger } from '../log/logger.ts'
import type { Metrics } from './gateway-metrics.ts'
import type { Outcome } from '../exchange/context.ts'
import type { RouteSet } from '../snapshot/route-set.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

/** What happens at the end of every request: `onFinish`, metrics, the access log. */
export function observe(options: GatewayOptions, metrics: Metrics, log: Logger): (ctx: Context, outcome: Outcome) => void {
  const { accessLog } = options
  const isCounting = options.metrics !== false
  return (ctx, outcome) => {
    const { onFinish } = ctx.route.phases
    if (onFinish !== null) {
      for (const hook of onFinish) {
        try {
          hook(ctx, outcome)
        } catch (thrown) {
          log.error('plugin failed in onFinish', { reason: String(thrown), route: ctx.route.path })
        }
      }
    }
    if (isCounting) metrics.record(ctx, outcome)
    if (accessLog === undefined) return
    const { target, method } = ctx.request
    const query = target.indexOf('?')
    accessLog.write({
      traceId: ctx.traceId,
      method,
      path: query === -1 ? target : target.slice(0, query),
      status: outcome.status,
      durationMs: outcome.ms,
      upstream: ctx.attempts.length === 0 ? NO_UPSTREAM : ctx.upstream.name,
    })
  }
}

/** Services and routes that come from the source named `farp`. */
export function farpCounts(snapshot: Snapshot): FarpCounts {
  const sets = snapshot.sets.get('farp') ?? []
  const counts = new Map<string, { service: string; type: string; count: number }>()
  for (const route of snapshot.routes) {
    if (route.source !== 'farp' || route.service === null) continue
    const type = typeof route.meta['schemaType'] === 'string' ? route.meta['schemaType'] : 'unknown'
    const key = `${route.service}\0${type}`
    const entry = counts.get(key) ?? { service: route.service, type, count: 0 }
    entry.count += 1
    counts.set(key, entry)
  }
  return { services: sets.filter(isKnown).length, routes: [...counts.values()] }
}

/** A service counts from its first manifest on; an address that never answered is no service yet. */
function isKnown(set: RouteSet): boolean {
  return set.routes.length > 0 || (set.instances?.some(({ manifest }) => manifest !== 'none' && manifest !== 'failed') ?? false)
}
