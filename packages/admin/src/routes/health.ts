import { json } from '../answers.ts'
import { packageVersion } from '../version.ts'
import { upstreamHealth } from '../upstream-health.ts'
import type { WorkersView } from '../options.ts'
import type { Gateway } from '@octopus-gateway/core'

/**
 * `ok`; `starting` until every provider and source has reported once; `degraded` when a provider fails, an upstream with
 * endpoints has none available, or a worker is missing. Says nothing else about the inside, because it is answered without authentication.
 */
export async function health(gateway: Gateway, startedAt: number, workers?: WorkersView): Promise<Response> {
  return json({
    status: await statusOf(gateway, workers),
    synced: gateway.isSynced,
    generation: gateway.snapshot.generation,
    uptime_seconds: Math.floor((performance.now() - startedAt) / 1000),
    version: await packageVersion(),
    ...(workers === undefined
      ? {}
      : { workers: workers.list().map(({ worker, pid, state, restarts }) => ({ worker, pid, state, restarts })) }),
  })
}

async function statusOf(gateway: Gateway, workers: WorkersView | undefined): Promise<'ok' | 'starting' | 'degraded'> {
  const list = workers?.list() ?? []
  if (list.some(({ state }) => state !== 'running')) return list.every(({ restarts }) => restarts === 0) ? 'starting' : 'degraded'
  if (gateway.providers.some((provider) => provider.state === 'failing')) return 'degraded'
  const seen = await upstreamHealth(gateway, workers)
  for (const upstream of gateway.snapshot.upstreams.values()) {
    const { endpoints } = seen(upstream)
    if (endpoints.length > 0 && endpoints.every((endpoint) => endpoint.state === 'out')) return 'degraded'
  }
  return gateway.isSynced ? 'ok' : 'starting'
}
