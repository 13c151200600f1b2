import { firstOf, type Metadata } from './metadata.ts'
import { instanceWith } from '@octopus-gateway/discovery-support'
import { chosenPort, type Chosen } from './port.ts'
import type { EndpointView, ServiceView, SliceView } from './views.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

/** How instances are made of objects. */
export interface Rules {
  readonly portName: string | undefined
  readonly includeNotReady: boolean
  /** Whether names carry their namespace. */
  readonly isQualified: boolean
}

interface Found {
  readonly endpoint: EndpointView
  readonly slice: SliceView
  readonly chosen: Chosen
}

const NOTHING: Metadata = new Map()

/** The instances of a Service, by their ids. */
export function instancesOf(
  service: ServiceView,
  slices: readonly SliceView[],
  podOf: (name: string) => Metadata | undefined,
  rules: Rules,
): ServiceInstance[] {
  const found = distinct(service, slices, rules.portName)
  const isTaken = ({ endpoint }: Found): boolean => endpoint.ready && !endpoint.terminating
  // Where all are going, those that still serve are better than nobody: kube-proxy does the same.
  const areAllGoing = !found.some(isTaken)
  // Hints are a plan for the whole Service; where one is missing there is none.
  const hasHints = found.filter(isTaken).every(({ endpoint }) => endpoint.forZones.length > 0)
  return found
    .map((one) => {
      const { endpoint } = one
      const isServing = endpoint.terminating ? areAllGoing && endpoint.serving : endpoint.ready || rules.includeNotReady
      const pod = endpoint.pod === undefined ? NOTHING : (podOf(endpoint.pod) ?? NOTHING)
      return instanceOf(service, one, { pod, ready: isServing, zone: zoneOf(endpoint, hasHints), rules })
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

interface Facts {
  readonly pod: Metadata
  readonly ready: boolean
  readonly zone: string | undefined
  readonly rules: Rules
}

function instanceOf(service: ServiceView, { endpoint, slice, chosen }: Found, { pod, ready, zone, rules }: Facts): ServiceInstance {
  const { namespace, name } = service
  const isV6 = endpoint.address.includes(':')
  const place = `${isV6 ? `[${endpoint.address}]` : endpoint.address}:${chosen.port}`
  const sources = [pod, slice.metadata, service.metadata]
  return instanceWith({
    id: `${namespace}/${name}/${endpoint.pod === undefined ? '' : `${endpoint.pod}@`}${place}`,
    service: rules.isQualified ? `${name}.${namespace}` : name,
    host: endpoint.address,
    port: chosen.port,
    secure: chosen.secure,
    ready,
    weight: firstOf(sources, ['octopus.weight']),
    zone,
    version: firstOf(sources, ['app.kubernetes.io/version', 'version', 'farp.service.version']),
    // Where two say the same key, the Service comes first. The namespace is the cluster's word, whatever a label says.
    metadata: Object.fromEntries([
      ...pod,
      ...slice.metadata,
      ...service.metadata,
      ['namespace', namespace],
      ...(endpoint.pod === undefined ? [] : [['kubernetes.pod', endpoint.pod] as const]),
    ]),
  })
}

function zoneOf({ zone, forZones }: EndpointView, hasHints: boolean): string | undefined {
  return !hasHints || (zone !== undefined && forZones.includes(zone)) ? zone : (forZones[0] ?? zone)
}

/**
 * Every endpoint once: a pod with addresses of both families is in a slice of each, and while the control plane moves endpoints they are in two. The
 * family that the Service prefers counts, and of equal ones the one that is ready.
 */
function distinct(service: ServiceView, slices: readonly SliceView[], portName: string | undefined): Found[] {
  const found = new Map<string, Found>()
  const rank = ({ endpoint, slice }: Found): number => (slice.family === service.family ? 2 : 0) + (endpoint.ready ? 1 : 0)
  for (const slice of slices) {
    const chosen = chosenPort(service, slice, portName)
    if (chosen === undefined) continue
    for (const endpoint of slice.endpoints) {
      const key = endpoint.pod ?? endpoint.address
      const one = { endpoint, slice, chosen }
      const other = found.get(key)
      if (other === undefined || rank(one) > rank(other)) found.set(key, one)
    }
  }
  return [...found.values()]
}
