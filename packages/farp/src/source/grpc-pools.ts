import { grpcAddress } from '../grpc-address.ts'
import { originOf } from '../address.ts'
import { readMetadata } from '../metadata.ts'
import { compareText } from '../semver.ts'
import type { Candidate } from './eligible.ts'
import type { Endpoint, RouteDefinition } from '@octopus-gateway/core'
import type { Placed } from './placement.ts'

/** The upstreams of which an instance has gRPC at a port of its own: their gRPC routes go through a second pool, in which everyone stands with that port. */
export function grpcPoolsOf(placed: readonly Placed[]): string[] {
  const pools = new Set<string>()
  for (const { candidate, placement } of placed) {
    const hasGrpc = candidate.schemas.some(({ content }) => content.type === 'grpc')
    if (hasGrpc && !pools.has(placement.upstream) && originOf(addressFor(candidate)) !== originOf(candidate.address))
      pools.add(placement.upstream)
  }
  return [...pools].sort(compareText)
}

/** The name of an upstream's pool for gRPC; no mount makes a name with a colon. */
export function grpcUpstream(upstream: string): string {
  return `${upstream}:grpc`
}

/** Routes, those for gRPC through their own pools. */
export function throughGrpcPools(routes: readonly RouteDefinition[], pools: readonly string[]): readonly RouteDefinition[] {
  if (pools.length === 0) return routes
  return routes.map((route) => {
    const { upstream, meta } = route
    if (meta?.['protocol'] !== 'grpc') return route
    const own = (name: string): string => (pools.includes(name) ? grpcUpstream(name) : name)
    const through = typeof upstream === 'string' ? own(upstream) : upstream.map((target) => ({ ...target, upstream: own(target.upstream) }))
    return { ...route, upstream: through }
  })
}

/** An instance's endpoint where it answers gRPC: a place of its own, with a health of its own. */
export function grpcEndpoint(endpoint: Endpoint, candidate: Candidate): Endpoint {
  return { ...endpoint, id: `${endpoint.id}/grpc`, origin: originOf(addressFor(candidate)) }
}

function addressFor({ address, record }: Candidate): Candidate['address'] {
  return grpcAddress(address, readMetadata(record.metadata))
}
