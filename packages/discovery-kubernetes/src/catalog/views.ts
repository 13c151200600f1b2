import { field, itemsOf, portOf, textOf } from '@octopus-gateway/discovery-support'
import { metadataOf, type Metadata } from './metadata.ts'

/** What is kept of a Service. */
export interface ServiceView {
  readonly namespace: string
  readonly name: string
  readonly metadata: Metadata
  /** The address family that it prefers. */
  readonly family: string
  /** Its own ports, by number, and what they are called. */
  readonly ports: ReadonlyMap<number, string>
}

/** What is kept of an EndpointSlice. */
export interface SliceView {
  /** `namespace/name` of its Service. */
  readonly service: string
  readonly metadata: Metadata
  readonly family: string
  readonly ports: readonly PortView[]
  readonly endpoints: readonly EndpointView[]
}

export interface PortView {
  readonly name: string
  readonly port: number
  readonly appProtocol: string | undefined
}

export interface EndpointView {
  readonly address: string
  /** The name of the pod behind it. */
  readonly pod: string | undefined
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly zone: string | undefined
  /** Zones that are to use it. */
  readonly forZones: readonly string[]
}

/** `key` is `namespace/name`. */
export function serviceView(key: string, object: unknown): ServiceView {
  const spec = field(object, 'spec')
  const [namespace = '', name = ''] = key.split('/')
  const ports = itemsOf(field(spec, 'ports')).flatMap((port): [number, string][] => {
    const number = portOf(field(port, 'port'))
    return number === undefined ? [] : [[number, textOf(field(port, 'name')) ?? '']]
  })
  const family = textOf(itemsOf(field(spec, 'ipFamilies'))[0]) ?? 'IPv4'
  return { namespace, name, metadata: metadataOf(object), family, ports: new Map(ports) }
}

/** `key` is `namespace/name`. `undefined` for one that belongs to no Service, or lists names instead of addresses. */
export function sliceView(key: string, object: unknown): SliceView | undefined {
  const service = textOf(field(field(field(object, 'metadata'), 'labels'), 'kubernetes.io/service-name'))
  const family = textOf(field(object, 'addressType'))
  if (service === undefined || (family !== 'IPv4' && family !== 'IPv6')) return undefined
  return {
    service: `${key.split('/')[0]}/${service}`,
    metadata: metadataOf(object),
    family,
    ports: itemsOf(field(object, 'ports')).flatMap(portView),
    endpoints: itemsOf(field(object, 'endpoints')).flatMap(endpointView),
  }
}

function portView(value: unknown): PortView[] {
  const port = portOf(field(value, 'port'))
  const protocol = field(value, 'protocol') ?? 'TCP'
  if (port === undefined || protocol !== 'TCP') return []
  return [{ name: textOf(field(value, 'name')) ?? '', port, appProtocol: textOf(field(value, 'appProtocol')) }]
}

function endpointView(value: unknown): EndpointView[] {
  // All addresses of an endpoint are the same thing.
  const address = textOf(itemsOf(field(value, 'addresses'))[0])
  if (address === undefined) return []
  const conditions = field(value, 'conditions')
  const target = field(value, 'targetRef')
  // What is not said counts as ready; serving is as ready as it says.
  const ready = field(conditions, 'ready') !== false
  const serving = field(conditions, 'serving')
  return [
    {
      address,
      pod: field(target, 'kind') === 'Pod' ? textOf(field(target, 'name')) : undefined,
      ready,
      serving: typeof serving === 'boolean' ? serving : ready,
      terminating: field(conditions, 'terminating') === true,
      zone: textOf(field(value, 'zone')) || undefined,
      forZones: itemsOf(field(field(value, 'hints'), 'forZones')).flatMap((zone) => textOf(field(zone, 'name')) ?? []),
    },
  ]
}
