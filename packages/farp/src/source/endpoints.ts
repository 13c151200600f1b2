import { grpcEndpoint, grpcUpstream } from './grpc-pools.ts'
import { originOf } from '../address.ts'
import { sharesOf } from '../pool.ts'
import { table } from '../json.ts'
import type { Settings } from '../options.ts'
import type { Colour } from '../pool.ts'
import type { Endpoint, UpstreamOptions } from '@octopus-gateway/core'
import type { Candidate } from './eligible.ts'
import type { Placed } from './placement.ts'
import type { ServiceHints } from '../manifest/hints.ts'

/** The upstream of the shadows of a pool. */
export function shadowOf(upstream: string): string {
  return `${upstream}#shadow`
}

/** The upstreams of a service's routes. */
export interface PlannedUpstreams {
  readonly upstreams: readonly string[]
  /** What the newest generation of an upstream hints at. */
  readonly hints: ReadonlyMap<string, ServiceHints['upstream']>
  /** Those of them that have a second pool, for gRPC. */
  readonly grpcPools: readonly string[]
}

/** Who serves, who gets copies, and how the requests are shared. */
export interface Fleets {
  readonly placed: readonly Placed[]
  readonly shadows: readonly Placed[]
  readonly settings: Settings
}

/** The weight of every instance that serves, pool by pool. */
export function weightsOf(placed: readonly Placed[], active: Colour | undefined): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const pool of poolsOf(placed).values()) {
    const sharers = pool.map(({ candidate }) => ({
      id: candidate.record.id,
      account: candidate.manifest.instance,
      registryWeight: candidate.record.weight,
    }))
    for (const [id, weight] of sharesOf(sharers, active)) weights.set(id, weight)
  }
  return weights
}

/** The members of each pool, by the name of its upstream. */
export function poolsOf(placed: readonly Placed[]): ReadonlyMap<string, readonly Placed[]> {
  const pools = new Map<string, Placed[]>()
  for (const item of placed) {
    const pool = pools.get(item.placement.upstream)
    if (pool === undefined) pools.set(item.placement.upstream, [item])
    else pool.push(item)
  }
  return pools
}

/** Settings of pools, beside their endpoints: a change of them is a change of routes. */
export function sharingOf(pool: readonly Placed[], { splitOn }: Settings): Pick<UpstreamOptions, 'loadBalance' | 'hashOn'> {
  const isDivided = pool.some(({ candidate }) => DIVIDED.has(candidate.manifest.instance?.role ?? ''))
  // Weighted by rendezvous, a client stays where it is, and a weight that grows draws clients from the others only.
  return splitOn === undefined || !isDivided ? {} : { loadBalance: 'rendezvous', hashOn: splitOn }
}

const DIVIDED: ReadonlySet<string> = new Set(['canary', 'blue', 'green'])

/** All upstreams of a service: those of its pools, their second pools for gRPC, and their shadows. */
export function upstreamsOf(
  { upstreams: names, hints, grpcPools }: PlannedUpstreams,
  { placed, shadows, settings }: Fleets,
  weights: ReadonlyMap<string, number>,
): Readonly<Record<string, UpstreamOptions>> {
  const pools = poolsOf(placed)
  const copied = poolsOf(shadows)
  const endpointsIn = (name: string, at: (endpoint: Endpoint, candidate: Candidate) => Endpoint = (endpoint) => endpoint): Endpoint[] =>
    (pools.get(name) ?? []).map(({ candidate }) => at(endpointOf(candidate, weights.get(candidate.record.id)!, settings), candidate))
  return table([
    ...names.map((name): [string, UpstreamOptions] => [
      name,
      { ...hints.get(name), ...sharingOf(pools.get(name) ?? [], settings), endpoints: endpointsIn(name) },
    ]),
    ...grpcPools.map((name): [string, UpstreamOptions] => {
      // The health path of a manifest is for HTTP, which a port for gRPC does not speak.
      const { healthCheck: _check, ...rest } = hints.get(name) ?? {}
      return [grpcUpstream(name), { ...rest, ...sharingOf(pools.get(name) ?? [], settings), endpoints: endpointsIn(name, grpcEndpoint) }]
    }),
    ...names.flatMap((name): [string, UpstreamOptions][] => {
      const pool = copied.get(name)
      if (pool === undefined) return []
      return [[shadowOf(name), { endpoints: pool.map(({ candidate }) => endpointOf(candidate, 1, settings)) }]]
    }),
  ])
}

function endpointOf({ record, manifest, generation, address }: Candidate, weight: number, { region }: Settings): Endpoint {
  const { instance } = manifest
  const zone = record.zone ?? instance?.zone
  const isAway = region !== undefined && instance?.region !== undefined && instance.region !== region
  return {
    id: `${record.service}/${record.id}`,
    origin: originOf(address),
    weight,
    ...(zone === undefined ? {} : { zone }),
    ...(isAway ? { priority: 1 } : {}),
    labels: {
      service: record.service,
      instance: record.id,
      version: manifest.serviceVersion || record.version || '',
      generation,
      role: instance?.role || 'primary',
    },
  }
}
