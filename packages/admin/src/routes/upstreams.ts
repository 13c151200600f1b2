import { json } from '../answers.ts'
import { redactMetadata, redactText } from '../redact.ts'
import { sortedBy } from '../order.ts'
import { upstreamHealth } from '../upstream-health.ts'
import type { WorkersView } from '../options.ts'
import type { BalancingPolicy, ConcurrencyStatus, EndpointStatus, Gateway } from '@octopus-gateway/core'

/** Every upstream of the current generation with the state of its endpoints, as those see it who carry the traffic. */
export async function upstreams(gateway: Gateway, workers?: WorkersView): Promise<Response> {
  const seen = await upstreamHealth(gateway, workers)
  const { generation, upstreams: all } = gateway.snapshot
  return json({
    generation,
    upstreams: sortedBy(all.values(), (upstream) => [upstream.name]).map((upstream) => {
      const { concurrency, endpoints } = seen(upstream)
      return {
        name: upstream.name,
        kind: upstream.handler === null ? 'endpoints' : 'function',
        host: upstream.hostMode,
        balancing: balancingOf(upstream.balancing),
        concurrency: concurrency === null ? null : loadOf(concurrency),
        endpoints: sortedBy(endpoints, ({ origin, id }) => [origin, id]).map(viewOf),
      }
    }),
  })
}

function viewOf(endpoint: EndpointStatus): Record<string, unknown> {
  return {
    id: endpoint.id,
    origin: redactText(endpoint.origin),
    weight: endpoint.weight,
    zone: endpoint.zone ?? null,
    priority: endpoint.priority ?? 0,
    labels: redactMetadata(endpoint.labels),
    state: endpoint.state,
    reason: endpoint.reason,
    since: timeOf(endpoint.since),
    out_for_ms: endpoint.outForMs,
    active: endpoint.active,
    circuit: endpoint.circuit,
    failures: endpoint.failures,
    cuts: endpoint.cuts,
    refusals: endpoint.refusals,
    ejections: endpoint.ejections,
    check:
      endpoint.check === null
        ? null
        : { healthy: endpoint.check.healthy, reason: redactText(endpoint.check.reason), since: timeOf(endpoint.check.since) },
  }
}

function balancingOf({ loadBalance, hashOn, sticky, slowStart, panicThreshold, zone }: BalancingPolicy): Record<string, unknown> {
  return {
    load_balance: loadBalance,
    hash_on: hashOn,
    sticky: sticky?.cookie ?? null,
    slow_start_ms: slowStart?.window ?? null,
    panic_threshold: panicThreshold,
    zone,
  }
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function loadOf({ max, active, queued, refused, timedOut }: ConcurrencyStatus): Record<string, number> {
  return { max, active, queued, refused, timed_out: timedOut }
}
