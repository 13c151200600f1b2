import type { Gateway, HealthData, Upstream } from '@octopus-gateway/core'
import type { WorkersView } from './options.ts'

type Seen = Pick<HealthData, 'endpoints' | 'concurrency'>

/** Upstreams as those see them who carry the traffic. */
export async function upstreamHealth(gateway: Gateway, workers: WorkersView | undefined): Promise<(upstream: Upstream) => Seen> {
  const here = (upstream: Upstream): Seen => ({ endpoints: gateway.endpoints(upstream), concurrency: upstream.concurrency })
  if (workers === undefined) return here
  const there = new Map((await workers.upstreams()).map((one) => [one.name, one]))
  return (upstream) => there.get(upstream.name) ?? here(upstream)
}
