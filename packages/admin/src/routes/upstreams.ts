import { json } from '../answers.ts'
import { redactMetadata, redactText } from '../redact.ts'
import { sortedBy } from '../order.ts'
import type { EndpointStatus, Gateway } from '@octopus-gateway/core'

/** Every upstream of the current generation with the state of its endpoints. */
export function upstreams(gateway: Gateway): Response {
  const { generation, upstreams: all } = gateway.snapshot
  return json({
    generation,
    upstreams: sortedBy(all.values(), (upstream) => [upstream.name]).map((upstream) => ({
      name: upstream.name,
      kind: upstream.handler === null ? 'endpoints' : 'function',
      host: upstream.hostMode,
      endpoints: sortedBy(gateway.endpoints(upstream), ({ origin, id }) => [origin, id]).map(viewOf),
    })),
  })
}

function viewOf(endpoint: EndpointStatus): Record<string, unknown> {
  return {
    id: endpoint.id,
    origin: redactText(endpoint.origin),
    weight: endpoint.weight,
    zone: endpoint.zone ?? null,
    labels: redactMetadata(endpoint.labels),
    state: endpoint.state,
    out_for_ms: endpoint.outForMs,
    active: endpoint.active,
    failures: endpoint.failures,
  }
}
