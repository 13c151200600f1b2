import type { KubernetesObject } from './store.ts'

/** One backend of a Service, as its EndpointSlice lists it. */
export interface KubernetesEndpoint {
  /** IPv4 or IPv6; of several families the endpoint is in one slice per family. */
  readonly addresses: readonly string[]
  /** The pod behind it. Default: no pod, as of endpoints outside the cluster. */
  readonly pod?: string
  readonly uid?: string
  /** Default: `ready` alone, true. `null` leaves the conditions out, which means ready. */
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean } | null
  readonly zone?: string
  /** Zones that are to use it (topology aware routing). */
  readonly forZones?: readonly string[]
}

/** A Service and its backends. */
export interface KubernetesService {
  readonly name: string
  /** Default `default`. */
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Ports of the pods. Default one, `http` 8080. */
  readonly ports?: readonly KubernetesPort[]
  /** In the order that the Service prefers. Default as its endpoints have them, IPv4 first. */
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[]
  readonly endpoints: readonly KubernetesEndpoint[]
}

export interface KubernetesPort {
  readonly name?: string
  readonly port: number
  readonly protocol?: string
  readonly appProtocol?: string
  /** The port of the Service. Default the same as of its pods. */
  readonly servicePort?: number
}

/** The objects that a cluster has of such a service: the Service, and what its control plane makes of it, an EndpointSlice per address family. */
export function objectsOf(service: KubernetesService): {
  readonly service: KubernetesObject
  readonly slices: readonly KubernetesObject[]
} {
  const { name, namespace = 'default', labels = {}, annotations = {}, ports = [{ name: 'http', port: 8080 }], endpoints } = service
  const has = (family: string): boolean => endpoints.some(({ addresses }) => addresses.some((address) => familyOf(address) === family))
  const families = service.ipFamilies ?? (has('IPv6') ? (has('IPv4') ? ['IPv4', 'IPv6'] : ['IPv6']) : ['IPv4'])
  return {
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels, annotations },
      spec: {
        type: 'ClusterIP',
        ipFamilies: families,
        ipFamilyPolicy: families.length > 1 ? 'RequireDualStack' : 'SingleStack',
        selector: { app: name },
        ports: ports.map(({ port, servicePort = port, protocol = 'TCP', name: portName, appProtocol }) => ({
          port: servicePort,
          targetPort: port,
          protocol,
          ...(portName === undefined ? {} : { name: portName }),
          ...(appProtocol === undefined ? {} : { appProtocol }),
        })),
      },
    },
    slices: families.map((family) => sliceOf(service, family)),
  }
}

function sliceOf({ name, namespace = 'default', labels, ports, endpoints }: KubernetesService, family: string): KubernetesObject {
  const of = (endpoint: KubernetesEndpoint): string[] => endpoint.addresses.filter((address) => familyOf(address) === family)
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${family.toLowerCase()}`,
      namespace,
      labels: {
        ...labels,
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: family,
    ports: (ports ?? [{ name: 'http', port: 8080 }]).map(({ name: portName = '', port, protocol = 'TCP', appProtocol }) => ({
      name: portName,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
    endpoints: endpoints
      .filter((endpoint) => of(endpoint).length > 0)
      .map(({ pod, uid, conditions = { ready: true, serving: true, terminating: false }, zone, forZones, ...endpoint }) => ({
        addresses: of({ ...endpoint }),
        ...(conditions === null ? {} : { conditions }),
        ...(pod === undefined ? {} : { targetRef: { kind: 'Pod', namespace, name: pod, uid: uid ?? `uid-of-${pod}` } }),
        ...(zone === undefined ? {} : { zone }),
        ...(forZones === undefined ? {} : { hints: { forZones: forZones.map((one) => ({ name: one })) } }),
      })),
  }
}

const familyOf = (address: string): string => (address.includes(':') ? 'IPv6' : 'IPv4')
