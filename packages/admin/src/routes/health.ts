import { json } from '../answers.ts'
import { packageVersion } from '../version.ts'
import type { Gateway } from '@octopus-gateway/core'

/**
 * `ok`; `starting` until every provider and source has reported once; `degraded` when a provider fails or an upstream with
 * endpoints has none available. Says nothing else about the inside, because it is answered without authentication.
 */
export async function health(gateway: Gateway, startedAt: number): Promise<Response> {
  return json({
    status: statusOf(gateway),
    synced: gateway.isSynced,
    generation: gateway.snapshot.generation,
    uptime_seconds: Math.floor((performance.now() - startedAt) / 1000),
    version: await packageVersion(),
  })
}

function statusOf(gateway: Gateway): 'ok' | 'starting' | 'degraded' {
  if (gateway.providers.some((provider) => provider.state === 'failing')) return 'degraded'
  for (const upstream of gateway.snapshot.upstreams.values()) {
    const endpoints = gateway.endpoints(upstream)
    if (endpoints.length > 0 && endpoints.every((endpoint) => endpoint.state === 'out')) return 'degraded'
  }
  return gateway.isSynced ? 'ok' : 'starting'
}
